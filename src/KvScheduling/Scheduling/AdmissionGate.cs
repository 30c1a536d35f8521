namespace KvScheduling;

/// <summary>Between a policy's gate and the scheduler: asks it, and keeps account of who was held back and for how long.</summary>
internal sealed class AdmissionGate(IStartGate gate, SchedulerState state) : ILineListener
{
    private readonly List<SchedulableRequest> _arrived = [];
    private readonly List<SchedulableRequest> _held = [];
    private StepShape _shape;

    public TimeSpan? NextWake => gate.NextWake;

    public SchedulingRegime Regime => gate.Regime;

    /// <summary>A step is planned.</summary>
    public void Decide(TimeSpan now)
    {
        SchedulingRegime before = gate.Regime;
        gate.Decide(new GateConditions(now, state.Slots.Running, state.Ledger.UsedBlocks() * state.Ledger.BlockTokens));
        if (gate.Regime != before)
        {
            state.OnRegime(before, gate.Regime, now);
        }

        Release(now);
        foreach (SchedulableRequest request in _arrived)
        {
            if (WaitingLine.Contains(request) && state.Slots.Running.Count > 0 && Holds(request))
            {
                request.Place.HeldSince = now;
                _held.Add(request);
                state.OnHeld(request, now);
            }
        }

        _arrived.Clear();
    }

    /// <summary>Whether a request must not start now. The engine must not be idle.</summary>
    public bool Holds(SchedulableRequest request) => !request.Place.IsResumed && gate.IsHeld(request);

    public void OnQueued(SchedulableRequest request, TimeSpan now)
    {
        if (!request.Place.IsResumed)
        {
            gate.OnQueued(request, now);
            _arrived.Add(request);
        }
    }

    public void OnLeft(SchedulableRequest request, bool wasResumed)
    {
        if (!wasResumed)
        {
            gate.OnLeft(request);
        }
    }

    public void OnStarted(SchedulableRequest request, TimeSpan now) => End(request, now);

    public void OnCompleted(SchedulableRequest request) => gate.OnCompleted(request);

    /// <summary>Remembers what a planned step computes, until it has run.</summary>
    public void OnPlanned(StepPlan plan) => _shape = plan.ShapeOn(state.Slots);

    public void OnStep(TimeSpan duration) => gate.OnStep(_shape, duration);

    private static void End(SchedulableRequest request, TimeSpan now)
    {
        if (request.Place.HeldSince is TimeSpan since)
        {
            request.HoldTime += now - since;
            request.Place.HeldSince = null;
        }
    }

    /// <summary>Those that are not held any more wait for the same reasons as everybody else.</summary>
    private void Release(TimeSpan now)
    {
        int kept = 0;
        for (int i = 0; i < _held.Count; i++)
        {
            SchedulableRequest request = _held[i];
            if (!WaitingLine.Contains(request))
            {
                continue;
            }

            if (Holds(request))
            {
                _held[kept++] = request;
            }
            else
            {
                End(request, now);
                request.WaitReason = DecisionReason.WaitsBehindHead;
            }
        }

        _held.RemoveRange(kept, _held.Count - kept);
    }
}
