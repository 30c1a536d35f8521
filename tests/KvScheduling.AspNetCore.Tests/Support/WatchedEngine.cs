namespace KvScheduling.AspNetCore.Tests;

/// <summary>Counts, beside the ledger, the KV that an engine is made to hold, after every step.</summary>
internal sealed class WatchedEngine(IInferenceEngine inner) : IInferenceEngine
{
    private readonly Dictionary<int, long> _lengths = [];

    public EngineDescription Description => inner.Description;

    public ITextCodec? TextCodec => inner.TextCodec;

    /// <summary>The most KV held at once, in tokens of whole blocks; shared blocks are counted for each sequence.</summary>
    public long PeakKvTokens { get; private set; }

    public int PeakSequences { get; private set; }

    public long Steps { get; private set; }

    /// <summary>Called on the loop's thread before each step.</summary>
    public Action? BeforeStep { get; set; }

    public void Start(in SequenceStart start)
    {
        _lengths[start.Slot] = start.SharedTokens;
        inner.Start(start);
    }

    public void Remove(int slot)
    {
        _lengths.Remove(slot);
        inner.Remove(slot);
    }

    public int RunStep(ReadOnlySpan<StepItem> plan, Span<StepEvent> events)
    {
        BeforeStep?.Invoke();
        int count = inner.RunStep(plan, events);
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

    public void Dispose() => inner.Dispose();
}
