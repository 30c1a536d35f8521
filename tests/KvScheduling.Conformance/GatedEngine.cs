namespace KvScheduling.Conformance;

/// <summary>An engine whose steps wait at a gate.</summary>
public sealed class GatedEngine : DelegatingInferenceEngine
{
    private readonly StepGate _gate;

    /// <summary>Puts a gate before an engine, which is disposed with it.</summary>
    public GatedEngine(IInferenceEngine inner, StepGate gate)
        : base(inner) => _gate = gate;

    /// <inheritdoc/>
    public override int RunStep(ReadOnlySpan<StepItem> plan, Span<StepEvent> events)
    {
        _gate.Pass();
        return Inner.RunStep(plan, events);
    }
}
