namespace KvScheduling.AspNetCore.Tests;

/// <summary>Counts, beside the ledger, the KV that an engine is made to hold, after every step.</summary>
internal sealed class WatchedEngine(IInferenceEngine inner) : DelegatingInferenceEngine(inner)
{
    private readonly Dictionary<int, long> _lengths = [];

    /// <summary>The most KV held at once, in tokens of whole blocks; shared blocks are counted for each sequence.</summary>
    public long PeakKvTokens { get; private set; }

    public int PeakSequences { get; private set; }

    public long Steps { get; private set; }

    /// <summary>Called on the loop's thread before each step.</summary>
    public Action? BeforeStep { get; set; }

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
        BeforeStep?.Invoke();
        int count = Inner.RunStep(plan, events);
        foreach (StepEvent happened in events[..count])
        {
            _lengths[happened.Slot] += happened.Computed;
        }

        int block = Description.BlockTokens;
        Steps++;
        PeakKvTokens = Math.Max(PeakKvTokens, _lengths.Values.Sum(length => (length + block - 1) / block * block));
        PeakSequences = Math.Max(PeakSequences, _lengths.Count);
        return count;
    }
}
