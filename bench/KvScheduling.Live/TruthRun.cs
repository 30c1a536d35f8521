using KvScheduling.Simulation;

namespace KvScheduling.Live;

/// <summary>The same requests on a real engine and in the simulator, whose cost model is fitted to the steps that the real engine's decision log has.</summary>
/// <remarks>One request goes first, and its first step waits until all others have been submitted, so that both schedulers see the same arrivals before every step.</remarks>
internal static class TruthRun
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private static readonly LiveRequest First = new(TimeSpan.Zero, [20, 21, 22, 23, 24, 25, 26, 27], 2, 2);

    /// <summary>Runs the requests on the engine, some times over, and once in the simulator.</summary>
    /// <param name="engine">Builds the engine.</param>
    /// <param name="policy">The policy; one whose decisions do not depend on the clock.</param>
    /// <param name="requests">The requests.</param>
    /// <param name="caps">The caps.</param>
    /// <param name="rounds">How often the engine runs them. Decisions are the same every time, so of every time the mean counts: what else the machine did evens out.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<TruthResult> RunAsync(
        Func<IInferenceEngine> engine, string policy, IReadOnlyList<LiveRequest> requests, LiveCaps caps, int rounds, CancellationToken cancellationToken)
    {
        List<RecordedRound> live = [];
        for (int round = 0; round < rounds; round++)
        {
            live.Add(await RunOnceAsync(engine, policy, requests, caps, cancellationToken));
        }

        // The first step waited for the others.
        CostModelFit fit = CostModelFit.To(RecordedRound.MeanSteps(live).Skip(1));
        return new TruthResult(live, Simulate(policy, requests, caps, live[0].Engine, fit.Model), fit);
    }

    private static async Task<RecordedRound> RunOnceAsync(
        Func<IInferenceEngine> engine, string policy, IReadOnlyList<LiveRequest> requests, LiveCaps caps, CancellationToken cancellationToken)
    {
        string log = Path.Combine(Path.GetTempPath(), $"kvsched-truth-{Guid.NewGuid():n}.jsonl");
        try
        {
            EngineDescription description = await RunLiveAsync(engine, policy, requests, caps, log, cancellationToken);
            using FileStream file = await OpenWholeAsync(log, cancellationToken);
            bool isReplayed = DecisionLog.Replay(file, cancellationToken: cancellationToken).IsEqual;
            file.Position = 0;
            StepTime[] steps = [.. DecisionLog.Steps(file)];
            file.Position = 0;
            return new RecordedRound(description, DecisionLog.Read(file), steps, isReplayed);
        }
        finally
        {
            File.Delete(log);
        }
    }

    /// <summary>Opens a log when its writer has let go of it: a scheduler that stops does not wait for a slow one for ever.</summary>
    private static async Task<FileStream> OpenWholeAsync(string log, CancellationToken cancellationToken)
    {
        long begin = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileStream(log, FileMode.Open, FileAccess.Read, FileShare.None);
            }
            catch (IOException) when (TimeProvider.System.GetElapsedTime(begin) < Patience)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(10), cancellationToken);
            }
        }
    }

    private static async Task<EngineDescription> RunLiveAsync(
        Func<IInferenceEngine> engine, string policy, IReadOnlyList<LiveRequest> requests, LiveCaps caps, string log, CancellationToken cancellationToken)
    {
        using var entered = new ManualResetEventSlim();
        using var gate = new ManualResetEventSlim();
        await using LiveScheduler live = await LiveScheduler.StartAsync(
            () => new GatedEngine(engine(), entered, gate),
            options =>
            {
                Configure(options, policy, caps);
                options.DecisionLog.Path = log;
                options.DecisionLog.BufferedRecords = 1 << 20;

                // The first step lasts until everything is submitted, however long that takes.
                options.StallTimeout = 2 * Patience;
            },
            cancellationToken);
        try
        {
            List<Generation> generations = [live.Scheduler.Submit(First.ToRequest(), cancellationToken: cancellationToken)];
            entered.Wait(cancellationToken);
            generations.AddRange(requests.Select(request => live.Scheduler.Submit(request.ToRequest(), cancellationToken: cancellationToken)));
            gate.Set();
            await Task.WhenAll(generations.Select(static generation => generation.CompleteAsync()));
        }
        finally
        {
            gate.Set();
        }

        return live.Scheduler.Engine;
    }

    private static RecordedRun Simulate(string policy, IReadOnlyList<LiveRequest> requests, LiveCaps caps, EngineDescription engine, IIterationCostModel cost)
    {
        using var log = new MemoryStream();
        var settings = new SimulationSettings
        {
            KvTokens = caps.KvTokens,
            BlockTokens = engine.BlockTokens,
            CostModel = new NeverNothing(cost),
            MaxRunningRequests = Math.Min(caps.Running, engine.MaxSequences),
            MaxContextTokens = engine.MaxContextTokens,
            MaxStepTokens = Math.Min(caps.StepTokens, engine.MaxStepTokens),
            PrefillChunkTokens = engine.SupportsChunkedPrefill ? caps.ChunkTokens : int.MaxValue,
            Hold = engine.Hold,
            DecisionLog = log,
            Configure = options => Configure(options, policy, caps),
        };
        IEnumerable<WorkloadRequest> workload = requests.Select(static request => ToWorkload(request, TimeSpan.FromTicks(1))).Prepend(ToWorkload(First, TimeSpan.Zero));
        Simulator.Run(policy, workload, settings);
        log.Position = 0;
        return DecisionLog.Read(log);
    }

    private static WorkloadRequest ToWorkload(LiveRequest request, TimeSpan arrival) => new(arrival, request.Prompt.Length, request.OutputTokens)
    {
        ExpectedOutputTokens = request.ExpectedTokens,
        MaxOutputTokens = request.OutputTokens,
    };

    private static void Configure(KvSchedulingOptions options, string policy, LiveCaps caps)
    {
        caps.Apply(options);
        options.Policy = policy;

        // What depends on the clock can't be equal on two clocks: waits, and the quantile, which follows measured steps.
        options.PromoteAfter = null;
        options.LengthEstimation.MinQuantile = options.LengthEstimation.MaxQuantile = options.LengthEstimation.Quantile;
    }

    /// <summary>Steps that take time, however little. A fit to steps of which one met a pause of the machine may say that small ones take none, and requests that arrive in the first step would find it long over.</summary>
    private sealed class NeverNothing(IIterationCostModel model) : IIterationCostModel
    {
        public TimeSpan IterationTime(in StepShape shape)
        {
            TimeSpan time = model.IterationTime(in shape);
            return time > TimeSpan.Zero ? time : TimeSpan.FromTicks(1);
        }
    }
}
