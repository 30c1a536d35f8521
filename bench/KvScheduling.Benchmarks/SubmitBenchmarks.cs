using BenchmarkDotNet.Attributes;

namespace KvScheduling.Benchmarks;

/// <summary>What a caller pays for Submit: checks, door, request object, mailbox. The engine hangs meanwhile, so that nothing else is measured.</summary>
public class SubmitBenchmarks
{
    private const int Requests = 4096;
    private readonly SimulatedFaults _faults = new();
    private readonly Generation[] _generations = new Generation[Requests];
    private KvSchedulerHost _host = null!;
    private GenerationRequest _request = null!;

    [Params(16, 1024)]
    public int PromptTokens { get; set; }

    [Params(PrefixScope.None, PrefixScope.Tenant)]
    public PrefixScope PrefixScope { get; set; }

    [IterationSetup]
    public void Setup()
    {
        _request = new GenerationRequest
        {
            PromptTokens = Enumerable.Range(0, PromptTokens).Select(static i => i % 256).ToArray(),
            MaxOutputTokens = 16,
            Hints = new SchedulingHints { PrefixScope = PrefixScope },
        };
        SimulatedEngineOptions engine = new() { CostModel = UnitCostModel.Free, Faults = _faults };
        KvSchedulingOptions options = new()
        {
            MaxQueuedRequests = Requests * 2,
            MaxQueuedTokens = (long)Requests * 2 * PromptTokens,
            ShutdownTimeout = TimeSpan.Zero,
            StallTimeout = TimeSpan.FromHours(1),
        };
        _host = KvSchedulerHost.StartAsync(() => new SimulatedEngine(engine), options).GetAwaiter().GetResult();
        long steps = _faults.Steps;
        _faults.Trigger(SimulatedFault.Hang);
        _host.Scheduler.Submit(_request);
        SpinWait.SpinUntil(() => _faults.Steps > steps);
    }

    [Benchmark(OperationsPerInvoke = Requests)]
    public int Submit()
    {
        for (int i = 0; i < Requests; i++)
        {
            _generations[i] = _host.Scheduler.Submit(_request);
        }

        return _generations.Length;
    }

    [IterationCleanup]
    public void Cleanup()
    {
        foreach (Generation generation in _generations)
        {
            generation?.Cancel();
        }

        _faults.ReleaseHang();
        _host.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }
}
