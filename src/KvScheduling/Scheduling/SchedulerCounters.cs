namespace KvScheduling;

/// <summary>Totals since the scheduler started.</summary>
internal struct SchedulerCounters
{
    public long Steps;
    public long PrefillTokens;
    public long DecodeTokens;
    public long RecomputedTokens;
    public long CachedTokens;
    public long PrefixQueryTokens;
    public long OutputTokens;
    public long Evictions;
    public long Held;
    public long RegimeSwitches;
    public long Completed;
    public long Rejected;
    public long Cancelled;
    public long Failed;
}
