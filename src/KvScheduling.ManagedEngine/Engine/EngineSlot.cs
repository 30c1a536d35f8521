namespace KvScheduling.ManagedEngine;

/// <summary>A numbered place for a sequence, with all that steps need to know about it.</summary>
internal sealed class EngineSlot
{
    private int _promptCount;

    public EngineSlot(KvPool pool) => Sequence = new KvSequence(pool);

    public KvSequence Sequence { get; }

    /// <summary>Whether it holds a sequence: running, held or parked.</summary>
    public bool IsStarted { get; private set; }

    /// <summary>Whether its logits were not finite.</summary>
    public bool IsFailed { get; set; }

    public SamplingSettings Sampling { get; private set; } = SamplingSettings.Greedy;

    public int MaxTotalTokens { get; private set; }

    /// <summary>The latest plan that named it, to find a slot named twice.</summary>
    public long PlanNumber { get; set; }

    /// <summary>Generated tokens, those before an eviction included.</summary>
    public ReadOnlySpan<int> Output => Sequence.Tokens[_promptCount..];

    /// <summary>Takes a sequence in. Its shared KV is in place.</summary>
    public void Start(in SequenceStart start)
    {
        Sequence.EnsureCapacity(start.MaxTotalTokens);
        Sequence.SetTokens(start.Prompt, start.Output);
        _promptCount = start.Prompt.Length;
        Sampling = start.Sampling;
        MaxTotalTokens = start.MaxTotalTokens;
        IsStarted = true;
        IsFailed = false;
    }

    /// <summary>Adds a sampled token, unless the sequence holds all it ever will.</summary>
    public void Append(int token)
    {
        if (Sequence.Count < MaxTotalTokens)
        {
            Sequence.Append(token);
        }
    }

    public void Clear()
    {
        Sequence.Clear();
        _promptCount = 0;
        IsStarted = false;
        IsFailed = false;
    }
}
