using System.Diagnostics.CodeAnalysis;

namespace KvScheduling.Live;

/// <summary>An engine whose first step waits until it is let go, so that everything submitted meanwhile is there when the second one is planned.</summary>
internal sealed class GatedEngine(IInferenceEngine engine, ManualResetEventSlim entered, ManualResetEventSlim gate) : DelegatingInferenceEngine(engine)
{
    private bool _isOpen;

    public override int RunStep(ReadOnlySpan<StepItem> plan, Span<StepEvent> events)
    {
        if (!_isOpen)
        {
            entered.Set();
            gate.Wait();
            _isOpen = true;
        }

        return Inner.RunStep(plan, events);
    }
}
