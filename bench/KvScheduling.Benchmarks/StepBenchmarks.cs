using BenchmarkDotNet.Attributes;

namespace KvScheduling.Benchmarks;

/// <summary>A step in which nothing starts and nothing ends: 256 sequences generate while others wait. Plan and completion, in the core alone.</summary>
public class StepBenchmarks
{
    private const int Running = 256;
    private const int PromptTokens = 512;

    /// <summary>So long that no iteration reaches the end.</summary>
    private const int EndlessOutput = 1 << 28;

    private CoreBench _slotsTaken = null!;
    private CoreBench _kvTaken = null!;

    [Params(100, 10_000, 1_000_000)]
    public int Waiting { get; set; }

    [Params(SchedulingPolicies.Fcfs, SchedulingPolicies.SortedF)]
    public string Policy { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        _slotsTaken = Create(Running, long.MaxValue / 4);
        _kvTaken = Create(Running * 2, Running * (long)(PromptTokens + EndlessOutput + 16));
    }

    /// <summary>The line waits for a slot.</summary>
    [Benchmark]
    public int SlotsTaken() => _slotsTaken.Step();

    /// <summary>The line waits for KV; the head's earliest start and the requests that might pass it are looked at once and remembered.</summary>
    [Benchmark]
    public int KvTaken() => _kvTaken.Step();

    private CoreBench Create(int slots, long budget)
    {
        CoreBench bench = new(Policy, slots, budget);
        for (int i = 0; i < Running; i++)
        {
            bench.Enqueue(new BenchRequest(PromptTokens, EndlessOutput, EndlessOutput));
        }

        bench.Step();
        for (int i = 0; i < Waiting; i++)
        {
            bench.Enqueue(new BenchRequest(PromptTokens + i % 64, EndlessOutput, EndlessOutput - (i % 1000)));
        }

        bench.Step();
        return bench.Core.RunningCount == Running ? bench : throw new InvalidOperationException($"{bench.Core.RunningCount} run instead of {Running}.");
    }
}
