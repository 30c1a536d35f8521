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

    private static readonly Option<string> Model = LiveOptions.Model();
    private static readonly Option<int> Seed = LiveOptions.Seed();
    private static readonly Option<int> Requests = LiveOptions.Requests(200);
    private static readonly Option<int> KvTokens = LiveOptions.KvTokens(2048);
    private static readonly Option<int> Rounds = LiveOptions.Rounds(9);
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
            Model, Policies, CycleSteps, Rounds, Requests, KvTokens, Seed,
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

        (string Name, double? PerSecond)[] workloads = [(Light, LightLoad * capacity), (Stream, StreamLoad * capacity), (Backlog, null)];
        var figures = policies.SelectMany(policy => workloads.Select(workload => (policy, workload.Name))).ToDictionary(static key => key, static _ => new PolicyFigures());
        int rounds = arguments.GetValue(Rounds);
        for (int round = 0; round < rounds; round++)
        {
            foreach ((string name, double? perSecond) in workloads)
            {
                LiveRequest[] requests = LiveWorkload.Draw(name == Light ? count / 2 : count, perSecond, seed);
                for (int i = 0; i < policies.Length; i++)
                {
                    // Another one first in every round, so that what the machine does besides hits all alike.
                    string policy = policies[(round + i) % policies.Length];
                    await MeasureAsync(Engine, policy, requests, caps, figures[(policy, name)], cancellationToken);
                }
            }
        }

        return Print(policies, [.. workloads.Select(static workload => workload.Name)], figures) ? 0 : 1;
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
        await using LiveScheduler live = await LiveScheduler.StartAsync(
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
        long begin = TimeProvider.System.GetTimestamp();
        var generations = new List<Task<GenerationResult>>(requests.Length);
        foreach (LiveRequest request in requests)
        {
            TimeSpan early = request.Arrival - TimeProvider.System.GetElapsedTime(begin);
            if (early > TimeSpan.Zero)
            {
                await Task.Delay(early, cancellationToken);
            }

            generations.Add(live.Scheduler.Submit(request.ToRequest(), cancellationToken: cancellationToken).CompleteAsync());
        }

        GenerationResult[] results = await Task.WhenAll(generations);
        figures.Add([.. results.Select(static result => result.Report)], live.Scheduler.GetSnapshot());
    }

    private static bool Print(string[] policies, string[] workloads, Dictionary<(string Policy, string Workload), PolicyFigures> figures)
    {
        bool isLightFair = true;
        foreach (string workload in workloads)
        {
            Console.WriteLine();
            Console.WriteLine($"{workload,-14}{"mean ms",10}{"p50 ms",10}{"p99 ms",10}{"TTFT ms",10}{"held",8}{"evicted",9}{"against " + policies[0],16}");
            foreach (string policy in policies)
            {
                PolicyFigures own = figures[(policy, workload)];
                double against = own.Against(figures[(policies[0], workload)]);
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{policy,-14}{own.Mean * 1000,10:0.00}{own.Quantile(0.5) * 1000,10:0.00}{own.Quantile(0.99) * 1000,10:0.00}{own.MeanFirstToken * 1000,10:0.00}{own.Held,8}{own.Evictions,9}{against,16:0.000}"));
                isLightFair &= workload != Light || against <= LightTolerance || BaselinePolicies.All.ContainsKey(policy);
            }
        }

        Console.WriteLine();
        Console.WriteLine($"At light load none of our policies is more than 2 % slower than {policies[0]}, by the medians of every request over the rounds: {(isLightFair ? "yes" : "NO")}");
        return isLightFair;
    }
}
