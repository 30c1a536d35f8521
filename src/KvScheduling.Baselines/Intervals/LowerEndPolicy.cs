namespace KvScheduling.Baselines;

/// <summary>A_min: its <see cref="LowerEndDiscipline"/> plans the rounds and keeps the order, by estimates that change.</summary>
internal sealed class LowerEndPolicy : IDisciplinedPolicy
{
    private readonly FcfsPolicy _line = new();

    public string Name => IntervalPolicies.AMin;

    public int Count => _line.Count;

    public IStepDiscipline CreateDiscipline(SchedulerState state) => new LowerEndDiscipline(state);

    public void Add(SchedulableRequest request) => _line.Add(request);

    public void Remove(SchedulableRequest request) => _line.Remove(request);

    public int Peek(Span<SchedulableRequest> candidates) => _line.Peek(candidates);
}
