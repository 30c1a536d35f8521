using System.Diagnostics.CodeAnalysis;

namespace KvScheduling.Live;

/// <summary>An engine whose first step waits until it is let go, so that everything submitted meanwhile is there when the second one is planned.</summary>
internal sealed class GatedEngine(IInferenceEngine engine, ManualResetEventSlim entered, ManualResetEventSlim gate) : IInferenceEngine
{
    private bool _isOpen;

    public EngineDescription Description => engine.Description;

    public ITextCodec? TextCodec => engine.TextCodec;

    public void Start(in SequenceStart start) => engine.Start(start);

    public void Remove(int slot) => engine.Remove(slot);

    public int RunStep(ReadOnlySpan<StepItem> plan, Span<StepEvent> events)
    {
        if (!_isOpen)
        {
            entered.Set();
            gate.Wait();
            _isOpen = true;
        }

        return engine.RunStep(plan, events);
    }

    public void Dispose() => engine.Dispose();
}
