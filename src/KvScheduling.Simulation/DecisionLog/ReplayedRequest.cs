namespace KvScheduling.Simulation;

/// <summary>A request of a decision log as the core schedules it again.</summary>
internal sealed class ReplayedRequest(int promptTokens, int maxOutputTokens, SchedulingHints hints, ulong[] blocks, Queue<bool> compared)
    : SchedulableRequest(promptTokens, maxOutputTokens, hints)
{
    public const int Token = 0;
    public const int EndToken = 1;

    public bool HasEnded { get; private set; }

    internal override ReadOnlySpan<ulong> PrefixBlocks => blocks;

    /// <summary>The tokens are not in the log, but how the comparison came out is.</summary>
    internal override bool StartsWith(SchedulableRequest earlier, int tokens) => compared.TryDequeue(out bool startsWithIt) && startsWithIt;

    internal override bool IsEndToken(int token) => token == EndToken;

    internal override void OnToken(int token, TimeSpan now)
    {
    }

    internal override void OnEnded(in RequestEnd end, TimeSpan now) => HasEnded = true;
}
