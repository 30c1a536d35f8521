using BenchmarkDotNet.Attributes;

namespace KvScheduling.Benchmarks;

/// <summary>Joining and leaving a long line, in the core alone.</summary>
public class LineBenchmarks
{
    private const int Pairs = 4096;
    private readonly BenchRequest[] _arrivals = new BenchRequest[Pairs];
    private CoreBench _bench = null!;

    [Params(100, 10_000, 1_000_000)]
    public int Waiting { get; set; }

    [Params(SchedulingPolicies.Fcfs, SchedulingPolicies.SortedF)]
    public string Policy { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        _bench = new CoreBench(Policy, slots: 1, CoreBench.AmpleKv);
        _bench.Enqueue(Waiting);
    }

    [IterationSetup]
    public void Arrive()
    {
        for (int i = 0; i < Pairs; i++)
        {
            _arrivals[i] = _bench.CreateRequest();
        }
    }

    /// <summary>A request joins the line and is cancelled there.</summary>
    [Benchmark(OperationsPerInvoke = Pairs)]
    public int JoinAndCancel()
    {
        foreach (BenchRequest request in _arrivals)
        {
            _bench.Enqueue(request);
            _bench.Core.Cancel(request, TimeSpan.Zero);
        }

        return _bench.Core.WaitingCount;
    }
}
