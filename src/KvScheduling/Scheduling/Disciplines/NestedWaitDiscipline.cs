namespace KvScheduling;

/// <summary>Nested WAIT, exactly: a segment is due when as many requests as its threshold stand before it. Source: arXiv 2504.11320, Algorithm 2; with independent segments as in its authors' code.</summary>
internal sealed class NestedWaitDiscipline : StagedDiscipline
{
    private readonly bool _isStrict;
    private readonly NestedSegmentOptions[] _segments;
    private readonly int[] _standing;

    public NestedWaitDiscipline(SchedulerState state, NestedWaitOptions options, TimeSpan progressAfter)
        : base(state, SchedulingPolicies.NestedWait, options.Segments.Count, progressAfter)
    {
        _isStrict = options.StrictPrefix;
        _segments = [.. options.Segments];
        _standing = new int[_segments.Length];
    }

    protected override void FindDue(bool[] isDue)
    {
        Array.Clear(_standing);
        _standing[0] = EntryCount(0);
        foreach (SequenceSlot slot in State.Slots.Running)
        {
            int segment = AtBoundary(slot);
            if (segment > 0)
            {
                _standing[segment]++;
            }
        }

        bool isPrefixDue = true;
        for (int k = 0; k < isDue.Length; k++)
        {
            bool stands = _standing[k] >= _segments[k].Threshold;
            isPrefixDue &= stands;
            isDue[k] = _isStrict ? isPrefixDue : stands;
        }
    }

    protected override int EntryGroup(SchedulableRequest request) => 0;

    protected override int GroupOf(SchedulableRequest request, int stage)
    {
        int segment = 0;
        while (segment < _segments.Length - 1 && stage >= _segments[segment].EndTokens)
        {
            segment++;
        }

        return segment;
    }

    protected override int Threshold(int group) => _segments[group].Threshold;

    protected override bool MayEvict(SequenceSlot slot) => AtBoundary(slot) > 0;

    /// <summary>The segment that a running request stands before; 0 when it is inside one.</summary>
    private int AtBoundary(SequenceSlot slot)
    {
        int generated = slot.IsPrefilling ? 0 : slot.Request!.GeneratedTokens;
        int segment = GroupOf(slot.Request!, generated);
        return segment > 0 && generated == _segments[segment - 1].EndTokens ? segment : 0;
    }
}
