namespace KvScheduling.Benchmarks;

/// <summary>A request that only counts: what is measured is the scheduler, not a token stream.</summary>
internal sealed class BenchRequest : SchedulableRequest
{
    public const int EndToken = 1;
    public const int Word = 2;

    public BenchRequest(int promptTokens, int maxOutputTokens, int? expectedOutputTokens = null)
        : base(promptTokens, maxOutputTokens, new SchedulingHints { ExpectedOutputTokens = expectedOutputTokens })
    {
    }

    internal override bool IsEndToken(int token) => token == EndToken;

    internal override void OnToken(int token, TimeSpan now)
    {
    }

    internal override void OnEnded(in RequestEnd end, TimeSpan now)
    {
    }
}
