using BenchmarkDotNet.Attributes;

namespace KvScheduling.Benchmarks;

/// <summary>What a request costs the scheduler from the line to its end, beside 256 running ones.</summary>
public class AdmissionBenchmarks
{
    private const int Running = 256;
    private const int StartsPerStep = 64;
    private const int Steps = 256;
    private readonly BenchRequest[] _arrivals = new BenchRequest[Steps * StartsPerStep];
    private CoreBench _bench = null!;

    [Params(1_000, 10_000, 100_000, 1_000_000)]
    public int Waiting { get; set; }

    [Params(SchedulingPolicies.Fcfs, SchedulingPolicies.SmallestVolumeFirst, SchedulingPolicies.SortedF)]
    public string Policy { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        _bench = new CoreBench(Policy, Running, CoreBench.AmpleKv);
        _bench.Enqueue(Running);
        _bench.Step();
        _bench.Enqueue(Waiting);
    }

    /// <summary>The callers' objects are made outside the measurement.</summary>
    [IterationSetup(Target = nameof(JoinStartAndEnd))]
    public void Arrive()
    {
        for (int i = 0; i < _arrivals.Length; i++)
        {
            _arrivals[i] = _bench.CreateRequest();
        }
    }

    [IterationSetup(Target = nameof(StartAndEnd))]
    public void FillUp() => _bench.Enqueue(Steps * StartsPerStep);

    /// <summary>
    /// A line that is drained: steps in which 64 of 256 end and 64 start while nobody joins. Per request: its start with the forward-peak check, its end, and
    /// a 64th of the step.
    /// </summary>
    [Benchmark(OperationsPerInvoke = Steps * StartsPerStep)]
    public int StartAndEnd()
    {
        int items = 0;
        for (int step = 0; step < Steps; step++)
        {
            items += _bench.Step(StartsPerStep);
        }

        return items;
    }

    /// <summary>
    /// A stream: steps in which 64 of 256 end, 64 join the line and 64 start. Per request: joining the line, its start with the forward-peak check, its end,
    /// and a 64th of the step.
    /// </summary>
    [Benchmark(OperationsPerInvoke = Steps * StartsPerStep)]
    public int JoinStartAndEnd()
    {
        int items = 0;
        int next = 0;
        for (int step = 0; step < Steps; step++)
        {
            items += _bench.Step(StartsPerStep);
            for (int i = 0; i < StartsPerStep; i++)
            {
                _bench.Enqueue(_arrivals[next++]);
            }
        }

        return items;
    }
}
