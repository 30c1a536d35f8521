namespace KvScheduling.Conformance;

/// <summary>An engine whose steps fail now and then.</summary>
public sealed class FaultyEngine : DelegatingInferenceEngine
{
    private readonly StepFaults _faults;

    /// <summary>Puts faults around an engine, which is disposed with it.</summary>
    public FaultyEngine(IInferenceEngine inner, StepFaults faults)
        : base(inner) => _faults = faults;

    /// <inheritdoc/>
    public override int RunStep(ReadOnlySpan<StepItem> plan, Span<StepEvent> events)
    {
        int step = _faults.Begin();
        if (_faults.BeforeStep.Contains(step))
        {
            throw new EngineFaultException($"Step {step} fails before anything is done.");
        }

        int count = Inner.RunStep(plan, events);
        bool fatal = _faults.Fatal.Contains(step);
        if (fatal || _faults.AfterStep.Contains(step))
        {
            events.Clear();
            throw new EngineFaultException($"Step {step} fails after everything is done.", fatal);
        }

        return count;
    }
}
