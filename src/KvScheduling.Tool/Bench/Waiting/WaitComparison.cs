using KvScheduling.Baselines;
using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary>Replays streams with several policies at equal caps, and with several seeds.</summary>
/// <param name="Caps">What every policy runs on; lengths and what is the policy's own come on top.</param>
/// <param name="FirstSeed">The seed of the first run.</param>
/// <param name="Seeds">Runs of each policy at each rate.</param>
internal sealed record WaitComparison(SimulationSettings Caps, int FirstSeed, int Seeds)
{
    /// <summary>Figures by workload, then rate, then policy; all are compared with the first policy.</summary>
    public IReadOnlyList<WaitFigures> Run(IReadOnlyList<WaitWorkload> workloads, IReadOnlyList<WaitContender> contenders, ToolConsole console, CancellationToken cancellationToken)
    {
        FluidCost cost = LinearCost.Of(Caps);
        (WaitWorkload Workload, double Rate)[] streams = [.. workloads.SelectMany(static workload => workload.Rates.Select(rate => (workload, rate)))];
        int perStream = contenders.Count * Seeds;
        var runs = new WaitRun[streams.Length * perStream];
        int done = 0;
        console.WithProgress([$"{runs.Length} runs"], runs.Length, progress => PlannedRuns.InParallel(runs.Length, i =>
        {
            (WaitWorkload workload, double rate) = streams[i / perStream];
            WaitContender contender = contenders[i % perStream / Seeds];
            SimulationSettings settings = SettingsFor(contender, workload, rate, cost);
            runs[i] = WaitRun.Of(Simulator.Run(contender.Policy, workload.Draw(rate, FirstSeed + (i % Seeds)), settings, null, cancellationToken));
            progress(0)?.Report(Interlocked.Increment(ref done));
        }, cancellationToken));
        return
        [
            .. streams.SelectMany((stream, s) => contenders.Select((contender, c) =>
                new WaitFigures(stream.Workload, stream.Rate, contender, RunsOf(s, c), RunsOf(s, 0)))),
        ];

        ArraySegment<WaitRun> RunsOf(int stream, int contender) => new(runs, (stream * perStream) + (contender * Seeds), Seeds);
    }

    private SimulationSettings SettingsFor(WaitContender contender, WaitWorkload workload, double rate, FluidCost cost) => Caps with
    {
        OutputLengths = contender.Lengths,
        MaxOutputTokens = workload.LongestOutput,
        KeepRequests = true,
        AdditionalPolicies = BaselinePolicies.All,
        Configure = contender.IsExact ? options => MakeExact(options, new ExactThresholds(workload.Sample, rate, cost, Caps)) : null,
    };

    private static void MakeExact(KvSchedulingOptions options, ExactThresholds thresholds)
    {
        if (options.Policy == SchedulingPolicies.Wait)
        {
            options.Wait.PaperExact = true;
            foreach (WaitTypeOptions type in thresholds.ForWait().Types)
            {
                options.Wait.Types.Add(type);
            }
        }
        else
        {
            options.NestedWait.PaperExact = true;
            foreach (NestedSegmentOptions segment in thresholds.ForNestedWait().Segments)
            {
                options.NestedWait.Segments.Add(segment);
            }
        }
    }
}
