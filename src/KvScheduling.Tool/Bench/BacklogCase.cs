using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary>A backlog that policies are compared on.</summary>
/// <param name="Name">Its name in tables.</param>
/// <param name="Mix">The kinds of requests.</param>
/// <param name="Count">How many.</param>
/// <param name="KvTokens">The KV budget in tokens.</param>
internal sealed record BacklogCase(string Name, string Mix, int Count, long KvTokens)
{
    /// <summary>Five mixes of unequal requests.</summary>
    public static IReadOnlyList<BacklogCase> Mixes { get; } =
    [
        new("chat 16k", "chat", 1000, 16_000),
        new("chat 60k", "chat", 1000, 60_000),
        new("chat + documents 60k", "chat-docs", 1000, 60_000),
        new("retrieval + reasoning 60k", "rag-reasoning", 1000, 60_000),
        new("uniform 20k", "uniform", 1000, 20_000),
    ];

    /// <summary>Bursts of chats with more and more long prompts among them; the budget is that of the experiments of arXiv 2502.07115.</summary>
    public static IReadOnlyList<BacklogCase> Bursts { get; } =
    [
        new("10 % long", "lmsys-long10", 400, 16_492),
        new("30 % long", "lmsys-long30", 400, 16_492),
        new("60 % long", "lmsys-long60", 400, 16_492),
    ];

    public WorkloadRequest[] Draw(int seed) => [.. SyntheticWorkload.Draw(RequestMixes.Get(Mix), ArrivalProcess.AtOnce, Count, seed)];
}
