using BenchmarkDotNet.Attributes;

namespace KvScheduling.Benchmarks;

/// <summary>A step in which nothing starts and nothing ends: 256 sequences generate while others wait. Plan and completion, in the core alone.</summary>
[InvocationCount(1)]
public class StepBenchmarks
{
    private const int Running = 256;
    private const int PromptTokens = 512;

    private const int Steps = 16_384;

    /// <summary>Enough for 60 iterations.</summary>
    private const int EndlessOutput = CoreBench.MaxContextTokens - (2 * PromptTokens);

    private CoreBench _slotsTaken = null!;
    private CoreBench _kvTaken = null!;

    [Params(100, 10_000, 1_000_000)]
    public int Waiting { get; set; }

    [Params(SchedulingPolicies.Fcfs, SchedulingPolicies.SortedF)]
    public string Policy { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        _slotsTaken = Create(Running, CoreBench.AmpleKv);
        _kvTaken = Create(Running * 2, Running * (long)(PromptTokens + EndlessOutput + 16));
    }

    /// <summary>The line waits for a slot.</summary>
    [Benchmark(OperationsPerInvoke = Steps)]
    public int SlotsTaken() => Run(_slotsTaken);

    /// <summary>The line waits for KV; the head's earliest start and the requests that might pass it are looked at once and remembered.</summary>
    [Benchmark(OperationsPerInvoke = Steps)]
    public int KvTaken() => Run(_kvTaken);

    private static int Run(CoreBench bench)
    {
        int items = 0;
        for (int i = 0; i < Steps; i++)
        {
            items += bench.Step();
        }

        return items;
    }

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
            bench.Enqueue(new BenchRequest(PromptTokens + (i % 64), EndlessOutput, EndlessOutput - (i % 1000)));
        }

        bench.Step();
        return bench.Core.RunningCount == Running ? bench : throw new InvalidOperationException($"{bench.Core.RunningCount} run instead of {Running}.");
    }
}
