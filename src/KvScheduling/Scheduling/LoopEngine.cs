namespace KvScheduling;

/// <summary>The engine in the hands of a loop's thread: what is done on it, call by call, and how it is disposed.</summary>
/// <remarks>Calls stand between <see cref="EngineGuard.Enter"/> and <see cref="EngineGuard.Leave"/>; a thread that was taken over in one ends with <see cref="EngineTakenOverException"/>. Per step nothing is allocated.</remarks>
internal sealed class LoopEngine(EngineGuard guard, LoopTelemetry telemetry)
{
    private readonly List<(SchedulableRequest Request, Exception Error)> _failedStarts = [];
    private IInferenceEngine? _engine;
    private StepItem[] _items = [];
    private StepEvent[] _events = [];

    /// <summary>Starts that the engine refused since they were last cleared.</summary>
    public List<(SchedulableRequest Request, Exception Error)> FailedStarts => _failedStarts;

    /// <summary>Takes an engine that was just built.</summary>
    public void Take(IInferenceEngine engine)
    {
        _engine = engine;
        int sequences = engine.Description.MaxSequences;
        _items = new StepItem[sequences];
        _events = new StepEvent[sequences];
    }

    /// <summary>Does what was planned, as far as the engine gets.</summary>
    public EngineOutcome CarryOut(StepPlan plan)
    {
        int events = 0;
        Exception? fault = null;
        bool isFatal = false;
        guard.Enter();
        try
        {
            foreach (int slot in plan.Removals)
            {
                isFatal = true;
                _engine!.Remove(slot);
                isFatal = false;
            }

            foreach (PlannedStart start in plan.Starts)
            {
                Start(start);
            }

            ReadOnlySpan<StepItem> items = WithoutFailedStarts(plan);
            if (!items.IsEmpty)
            {
                events = _engine!.RunStep(items, _events);
            }
        }
#pragma warning disable CA1031 // Whatever an engine throws is a fault of the step, not of the loop.
        catch (Exception error)
#pragma warning restore CA1031
        {
            fault = error;
            isFatal |= error is EngineFaultException { IsFatal: true };
        }

        guard.Leave();
        return new EngineOutcome(events, fault, isFatal);
    }

    /// <summary>The events of the latest step.</summary>
    public ReadOnlySpan<StepEvent> Events(in EngineOutcome outcome) => _events.AsSpan(0, outcome.Events);

    /// <summary>Disposes the engine, if there is one.</summary>
    public void Dispose()
    {
        IInferenceEngine? engine = _engine;
        _engine = null;
        guard.Enter();
        DisposeQuietly(engine);
        guard.Leave();
    }

    /// <summary>Disposes the engine on a thread that was taken over: nobody else knows it any more.</summary>
    public void DisposeLeftBehind() => DisposeQuietly(_engine);

    private void Start(PlannedStart start)
    {
        var request = (LiveRequest)start.Request;
        try
        {
            _engine!.Start(new SequenceStart
            {
                Slot = request.Slot,
                Prompt = request.Prompt,
                Output = request.Output,
                MaxTotalTokens = request.PromptTokens + request.MaxOutputTokens,
                Sampling = request.Sampling,
                Constraint = request.Constraint,
                SharedTokens = start.SharedTokens,
                SharedFromSlot = start.SharedFromSlot,
            });
        }
#pragma warning disable CA1031 // One request that can't start must not stop the others.
        catch (Exception error) when (error is not EngineFaultException { IsFatal: true })
#pragma warning restore CA1031
        {
            _failedStarts.Add((request, error));
        }
    }

    private ReadOnlySpan<StepItem> WithoutFailedStarts(StepPlan plan)
    {
        if (_failedStarts.Count == 0)
        {
            return plan.Items;
        }

        int count = 0;
        foreach (StepItem item in plan.Items)
        {
            if (!_failedStarts.Exists(failed => failed.Request.Slot == item.Slot))
            {
                _items[count++] = item;
            }
        }

        return _items.AsSpan(0, count);
    }

    private void DisposeQuietly(IInferenceEngine? engine)
    {
        try
        {
            engine?.Dispose();
        }
#pragma warning disable CA1031 // A lost engine may fail once more; its requests go on without it.
        catch (Exception error)
#pragma warning restore CA1031
        {
            telemetry.EngineNotDisposed(error);
        }
    }
}

/// <summary>How far the engine got with a plan.</summary>
/// <param name="Events">How many events the step gave.</param>
/// <param name="Fault">What the engine threw; null when nothing.</param>
/// <param name="IsFatal">Whether the engine is lost with it.</param>
internal readonly record struct EngineOutcome(int Events, Exception? Fault, bool IsFatal);
