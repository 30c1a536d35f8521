namespace KvScheduling.Tests;

/// <summary>A request whose output is known: token i of it is <see cref="TokenAt"/>, and it ends after <see cref="ActualOutput"/> tokens.</summary>
internal sealed class TestRequest : SchedulableRequest
{
    public const int EndToken = 1;

    public TestRequest(int prompt, int limit, int? actual = null, SchedulingHints? hints = null, int id = 0, ulong[]? blocks = null, int[]? promptTokens = null)
        : base(prompt, limit, hints ?? SchedulingHints.None)
    {
        Id = id;
        ActualOutput = actual ?? limit;
        Blocks = blocks ?? [];
        Prompt = promptTokens ?? [];
    }

    public int Id { get; }

    public int ActualOutput { get; }

    public ulong[] Blocks { get; }

    public int[] Prompt { get; }

    public List<int> Tokens { get; } = [];

    public RequestEnd? Ending { get; private set; }

    public int Endings { get; private set; }

    public int Starts { get; private set; }

    public TimeSpan? FirstStart { get; private set; }

    public TimeSpan EndedAt { get; private set; }

    internal override ReadOnlySpan<ulong> PrefixBlocks => Blocks;

    public int TokenAt(int index) => 2 + ((Id * 31) + (index * 7)) % 1000;

    internal override bool IsEndToken(int token) => token == EndToken;

    internal override bool StartsWith(SchedulableRequest earlier, int tokens)
    {
        var other = (TestRequest)earlier;
        if (tokens > Prompt.Length || other.Prompt.Length == 0 || tokens < other.Prompt.Length)
        {
            return false;
        }

        for (int i = 0; i < tokens; i++)
        {
            int token = i < other.Prompt.Length ? other.Prompt[i] : other.Tokens[i - other.Prompt.Length];
            if (Prompt[i] != token)
            {
                return false;
            }
        }

        return true;
    }

    internal override void OnStarted(TimeSpan now)
    {
        Starts++;
        FirstStart ??= now;
    }

    internal override void OnToken(int token, TimeSpan now)
    {
        if (Endings > 0)
        {
            throw new InvalidOperationException("A token came after the end.");
        }

        Tokens.Add(token);
    }

    internal override void OnEnded(in RequestEnd end, TimeSpan now)
    {
        Endings++;
        Ending = end;
        EndedAt = now;
    }
}
