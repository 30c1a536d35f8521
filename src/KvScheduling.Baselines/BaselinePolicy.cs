namespace KvScheduling.Baselines;

/// <summary>A baseline as a policy: whole steps by rules of its own. What is ours alone (estimates, backfill, promotion, fairness, prefix reuse) plays no part in it.</summary>
internal sealed class BaselinePolicy(string name, Func<BaselineRules> createRules) : IDisciplinedPolicy
{
    private readonly FcfsPolicy _line = new();

    public string Name => name;

    public int Count => _line.Count;

    public IStepDiscipline CreateDiscipline(SchedulerState state) => new BaselineDiscipline(name, state, createRules());

    public void Add(SchedulableRequest request) => _line.Add(request);

    public void Remove(SchedulableRequest request) => _line.Remove(request);

    public int Peek(Span<SchedulableRequest> candidates) => _line.Peek(candidates);
}
