namespace KvScheduling;

/// <summary>WAIT, exactly: a type is due when as many of its requests as its threshold wait to enter. Source: arXiv 2504.11320, Algorithm 1.</summary>
internal sealed class WaitDiscipline : StagedDiscipline
{
    private readonly WaitTypeOptions[] _types;

    public WaitDiscipline(SchedulerState state, WaitOptions options)
        : base(state, SchedulingPolicies.Wait, options.Types.Count, options.ProgressAfter) =>
        _types = [.. options.Types.OrderBy(type => type.OutputTokens).ThenBy(type => type.PromptTokens)];

    protected override void FindDue(bool[] isDue)
    {
        for (int j = 0; j < isDue.Length; j++)
        {
            isDue[j] = EntryCount(j) >= _types[j].Threshold;
        }
    }

    protected override int EntryGroup(SchedulableRequest request)
    {
        int type = 0;
        while (type < _types.Length - 1 && (request.PromptTokens > _types[type].PromptTokens || request.MaxOutputTokens > _types[type].OutputTokens))
        {
            type++;
        }

        return type;
    }

    protected override int GroupOf(SchedulableRequest request, int stage) => EntryGroup(request);

    protected override int Threshold(int group) => _types[group].Threshold;

    /// <summary>The paper evicts only what overflows, the latest first: here that one is not started.</summary>
    protected override bool MayEvict(SequenceSlot slot) => false;
}
