namespace KvScheduling.Conformance;

/// <summary>An engine whose steps wait at a gate.</summary>
public sealed class GatedEngine : IInferenceEngine
{
    private readonly IInferenceEngine _inner;
    private readonly StepGate _gate;

    /// <summary>Puts a gate before an engine, which is disposed with it.</summary>
    public GatedEngine(IInferenceEngine inner, StepGate gate)
    {
        _inner = inner;
        _gate = gate;
    }

    /// <inheritdoc/>
    public EngineDescription Description => _inner.Description;

    /// <inheritdoc/>
    public ITextCodec? TextCodec => _inner.TextCodec;

    /// <inheritdoc/>
    public void Start(in SequenceStart start) => _inner.Start(in start);

    /// <inheritdoc/>
    public void Remove(int slot) => _inner.Remove(slot);

    /// <inheritdoc/>
    public int RunStep(ReadOnlySpan<StepItem> plan, Span<StepEvent> events)
    {
        _gate.Pass();
        return _inner.RunStep(plan, events);
    }

    /// <inheritdoc/>
    public void Dispose() => _inner.Dispose();
}
