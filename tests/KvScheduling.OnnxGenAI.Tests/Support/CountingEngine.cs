namespace KvScheduling.OnnxGenAI.Tests;

/// <summary>Counts what the scheduler should never let happen.</summary>
internal sealed class CountingEngine(IInferenceEngine inner) : DelegatingInferenceEngine(inner)
{
    private readonly Dictionary<int, int> _lengths = [];

    /// <summary>Sequences that found no block.</summary>
    public int OutOfCapacity { get; private set; }

    /// <summary>The most blocks held at once, by the lengths of the sequences.</summary>
    public int PeakBlocks { get; private set; }

    public override void Start(in SequenceStart start)
    {
        _lengths[start.Slot] = start.SharedTokens;
        Inner.Start(start);
    }

    public override void Remove(int slot)
    {
        _lengths.Remove(slot);
        Inner.Remove(slot);
    }

    public override int RunStep(ReadOnlySpan<StepItem> plan, Span<StepEvent> events)
    {
        int count = Inner.RunStep(plan, events);
        foreach (StepEvent happened in events[..count])
        {
            _lengths[happened.Slot] += happened.Computed;
            OutOfCapacity += happened.Status == SequenceStatus.OutOfCapacity ? 1 : 0;
        }

        int block = Description.BlockTokens;
        PeakBlocks = Math.Max(PeakBlocks, _lengths.Values.Sum(length => (length + block - 1) / block));
        return count;
    }
}
