namespace KvScheduling.Samples.BatchScoring.Tests;

/// <summary>An engine that can be held before a step, whatever the threads around it do meanwhile.</summary>
internal sealed class HeldEngine(IInferenceEngine engine, Action<int> beforeStep) : DelegatingInferenceEngine(engine)
{
    /// <summary>How long something may take that never takes long: it ends a test that hangs and decides nothing else.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private int _step;

    /// <summary>Waits on the engine's thread.</summary>
    public static void Await(ManualResetEventSlim happened)
    {
        if (!happened.Wait(Patience))
        {
            throw new TimeoutException("What the engine waits for did not happen.");
        }
    }

    public override int RunStep(ReadOnlySpan<StepItem> plan, Span<StepEvent> events)
    {
        beforeStep(_step++);
        return Inner.RunStep(plan, events);
    }
}
