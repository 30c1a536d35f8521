using BenchmarkDotNet.Attributes;

namespace KvScheduling.Benchmarks;

/// <summary>A step of the whole loop, engine calls, token streams and metrics included, on an engine that takes no time.</summary>
/// <remarks>
/// Submission and end of the requests are shared among 2,048 steps. What is allocated are the requests and the growth of their token streams.
/// </remarks>
public class LoopBenchmarks
{
    private const int Steps = 2048;
    private readonly Generation[] _generations = new Generation[256];
    private readonly Task[] _ends = new Task[256];
    private KvSchedulerHost _host = null!;
    private GenerationRequest _request = null!;

    [Params(1, 32, 256)]
    public int Running { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _request = new GenerationRequest { PromptTokens = new[] { 2, 2, 2, 2 }, MaxOutputTokens = Steps, IgnoreEndTokens = true };
        KvSchedulingOptions options = new() { MaxRunningRequests = Running, MaxPartialPrefills = Running, MaxQueuedRequests = Running };
        _host = KvSchedulerHost.StartAsync(() => new IdleEngine(Running), options).GetAwaiter().GetResult();
    }

    [GlobalCleanup]
    public void Cleanup() => _host.DisposeAsync().AsTask().GetAwaiter().GetResult();

    /// <summary>Every caller reads each token as it comes, so that each step also wakes as many readers on the thread pool.</summary>
    [Benchmark(OperationsPerInvoke = Steps)]
    public void Read()
    {
        Submit();
        for (int i = 0; i < Running; i++)
        {
            _ends[i] = _generations[i].CompleteAsync();
        }

        Task.WaitAll(_ends.AsSpan(0, Running));
    }

    /// <summary>Nobody reads before the end: the loop by itself.</summary>
    [Benchmark(OperationsPerInvoke = Steps)]
    public void ReadAtTheEnd()
    {
        long completed = _host.Scheduler.GetSnapshot().CompletedRequests + Running;
        Submit();
        SpinWait wait = default;
        while (_host.Scheduler.GetSnapshot().CompletedRequests < completed)
        {
            wait.SpinOnce();
        }
    }

    private void Submit()
    {
        for (int i = 0; i < Running; i++)
        {
            _generations[i] = _host.Scheduler.Submit(_request);
        }
    }
}
