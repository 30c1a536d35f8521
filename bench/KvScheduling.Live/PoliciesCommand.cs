using System.CommandLine;
using System.Globalization;
using KvScheduling.Baselines;
using KvScheduling.ManagedEngine;

namespace KvScheduling.Live;

/// <summary><c>policies</c>: policies at equal caps on the managed engine in real time, a round of each after the other.</summary>
internal static class PoliciesCommand
{
    private const string Light = "light stream";
    private const string Stream = "stream";
    private const string Backlog = "backlog";
    private const double LightLoad = 0.2;
    private const double StreamLoad = 0.8;
    private const double LightTolerance = 1.02;
    private const int SliceRequests = 10;
    private const int WarmUpSlices = 5;

    private static readonly Option<string> Model = LiveOptions.Model();
    private static readonly Option<int> Seed = LiveOptions.Seed();
    private static readonly Option<int> Requests = LiveOptions.Requests(200);
    private static readonly Option<int> KvTokens = LiveOptions.KvTokens(2048);
    private static readonly Option<int> Rounds = LiveOptions.Rounds(9);
    private static readonly Option<int> Slices = new("--slices")
    {
        Description = "Into how many slices the light stream is cut. The policies take turns slice by slice, because a busy machine is seldom the same for more than a second.",
        DefaultValueFactory = static _ => 600,
    };

    private static readonly Option<int> CycleSteps = new("--cycle-steps")
    {
        Description = "WaitOptions.CycleSteps: larger cohorts, held longer. On an engine whose steps cost little a cycle of one step seldom has two arrivals.",
        DefaultValueFactory = static _ => 1,
    };

    private static readonly Option<string> Policies = new("--policies")
    {
        Description = "The policies, separated by commas; all are compared with the first.",
        DefaultValueFactory = static _ => "fcfs,vllm,sorted-f,svf,wait,nested-wait,adaptive",
    };

    public static Command Create()
    {
        var command = new Command("policies", "Runs a light stream, a stream near saturation and a backlog under each policy on the managed engine, in real time, at equal caps.")
        {
            Model, Policies, CycleSteps, Rounds, Slices, Requests, KvTokens, Seed,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        string model = arguments.GetValue(Model)!;
        IInferenceEngine Engine() => KvScheduling.ManagedEngine.ManagedEngine.Load(model, new ManagedEngineOptions { KvCapacityTokens = 8192 });
        var caps = new LiveCaps(arguments.GetValue(KvTokens)) { CycleSteps = arguments.GetValue(CycleSteps) };
        string[] policies = arguments.GetValue(Policies)!.Split(',');
        int count = arguments.GetValue(Requests);
        int seed = arguments.GetValue(Seed);
        double capacity = await CapacityAsync(Engine, caps, count, seed, cancellationToken);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"capacity {capacity:0.0} requests/s (a backlog under fcfs); light stream {LightLoad * capacity:0.0}/s, stream {StreamLoad * capacity:0.0}/s"));

        string[] workloads = [Light, Stream, Backlog];
        var figures = policies.SelectMany(policy => workloads.Select(workload => (policy, workload))).ToDictionary(static key => key, static _ => new PolicyFigures());
        await MeasureLightAsync(Engine, policies, arguments.GetValue(Slices), LightLoad * capacity, caps, seed, policy => figures[(policy, Light)], cancellationToken);
        int rounds = arguments.GetValue(Rounds);
        for (int round = 0; round < rounds; round++)
        {
            foreach ((string name, double? perSecond) in ((string, double?)[])[(Stream, StreamLoad * capacity), (Backlog, null)])
            {
                LiveRequest[] requests = LiveWorkload.Draw(count, perSecond, seed);
                foreach (string policy in InTurn(policies, round))
                {
                    await MeasureAsync(Engine, policy, requests, caps, figures[(policy, name)], cancellationToken);
                }
            }
        }

        return Print(policies, workloads, figures) ? 0 : 1;
    }

    private static async Task<double> CapacityAsync(Func<IInferenceEngine> engine, LiveCaps caps, int count, int seed, CancellationToken cancellationToken)
    {
        LiveRequest[] requests = LiveWorkload.Draw(count, null, seed);
        var last = new PolicyFigures();
        for (int run = 0; run < 3; run++)
        {
            // The first runs of a process are compiled while they run.
            last = new PolicyFigures();
            await MeasureAsync(engine, SchedulingPolicies.Fcfs, requests, caps, last, cancellationToken);
        }

        return count / last.Quantile(1);
    }

    private static async Task MeasureAsync(Func<IInferenceEngine> engine, string policy, LiveRequest[] requests, LiveCaps caps, PolicyFigures figures, CancellationToken cancellationToken)
    {
        await using LiveScheduler live = await StartAsync(engine, policy, caps, cancellationToken);
        figures.Add(await live.RunAsync(requests, cancellationToken));
        figures.AddCounts(live.Scheduler.GetSnapshot());
    }

    /// <summary>All policies side by side, each on an engine of its own that idles while another has its turn.</summary>
    private static async Task MeasureLightAsync(
        Func<IInferenceEngine> engine, string[] policies, int slices, double perSecond, LiveCaps caps, int seed, Func<string, PolicyFigures> figures, CancellationToken cancellationToken)
    {
        var schedulers = new Dictionary<string, LiveScheduler>();
        try
        {
            foreach (string policy in policies)
            {
                schedulers.Add(policy, await StartAsync(engine, policy, caps, cancellationToken));
            }

            for (int slice = -WarmUpSlices; slice < slices; slice++)
            {
                LiveRequest[] requests = LiveWorkload.Draw(SliceRequests, perSecond, seed + WarmUpSlices + slice);
                foreach (string policy in InTurn(policies, slice + WarmUpSlices))
                {
                    SchedulingReport[] reports = await schedulers[policy].RunAsync(requests, cancellationToken);
                    if (slice >= 0)
                    {
                        figures(policy).Add(reports);
                    }
                }
            }

            foreach (string policy in policies)
            {
                figures(policy).AddCounts(schedulers[policy].Scheduler.GetSnapshot());
            }
        }
        finally
        {
            foreach (LiveScheduler scheduler in schedulers.Values)
            {
                await scheduler.DisposeAsync();
            }
        }
    }

    /// <summary>Another one first in every round, so that what the machine does besides hits all alike.</summary>
    private static IEnumerable<string> InTurn(string[] policies, int round) => Enumerable.Range(0, policies.Length).Select(i => policies[(round + i) % policies.Length]);

    private static Task<LiveScheduler> StartAsync(Func<IInferenceEngine> engine, string policy, LiveCaps caps, CancellationToken cancellationToken) => LiveScheduler.StartAsync(
        engine,
        options =>
        {
            caps.Apply(options);
            options.Policy = policy;

            // A run is short: what is learned must be learned in its first part.
            options.Wait.CycleSteps = caps.CycleSteps;
            options.Wait.WarmUpCompletions = 20;
            options.Wait.RefitInterval = TimeSpan.FromMilliseconds(250);
            options.Wait.RateWindow = TimeSpan.FromSeconds(2);
        },
        cancellationToken);

    private static bool Print(string[] policies, string[] workloads, Dictionary<(string Policy, string Workload), PolicyFigures> figures)
    {
        var verdicts = new List<string>();
        bool isAnybodySlower = false;
        foreach (string workload in workloads)
        {
            Console.WriteLine();
            Console.WriteLine($"{workload,-14}{"mean ms",10}{"p50 ms",10}{"p99 ms",10}{"TTFT ms",10}{"held",8}{"evicted",9}{"against " + policies[0],16}{"95 % interval",18}");
            foreach (string policy in policies)
            {
                PolicyFigures own = figures[(policy, workload)];
                RoundRatios against = own.Against(figures[(policies[0], workload)]);
                (double low, double high) = against.Interval;
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{policy,-14}{own.Mean * 1000,10:0.00}{own.Quantile(0.5) * 1000,10:0.00}{own.Quantile(0.99) * 1000,10:0.00}{own.MeanFirstToken * 1000,10:0.00}{own.Held,8}{own.Evictions,9}{against.Typical,16:0.000}{$"{low:0.000} to {high:0.000}",18}"));
                if (workload == Light && policy != policies[0] && !BaselinePolicies.All.ContainsKey(policy))
                {
                    isAnybodySlower |= low > LightTolerance;
                    verdicts.Add($"{policy} {(low > LightTolerance ? "SLOWER" : high <= LightTolerance ? "no" : "can't tell")}");
                }
            }
        }

        Console.WriteLine();
        Console.WriteLine($"More than 2 % slower than {policies[0]} at light load: {string.Join(", ", verdicts)}.");
        return !isAnybodySlower;
    }
}
