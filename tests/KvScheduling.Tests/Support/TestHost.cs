namespace KvScheduling.Tests;

/// <summary>Shorthand for a running scheduler over scripted engines.</summary>
internal static class TestHost
{
    /// <summary>Ends a wait that would last for ever; far longer than any wait that ends by itself, however busy the machine.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>A stall timeout for engines that a test holds: the watchdog must not take a late test for a hung engine.</summary>
    public static readonly TimeSpan NoStall = TimeSpan.FromHours(1);

    public static Task<KvSchedulerHost> StartAsync(ScriptedEngine engine, Action<KvSchedulingOptions>? configure = null, TimeProvider? time = null) =>
        StartAsync(() => engine, configure, time);

    public static Task<KvSchedulerHost> StartAsync(Func<IInferenceEngine> factory, Action<KvSchedulingOptions>? configure = null, TimeProvider? time = null)
    {
        var options = new KvSchedulingOptions { Policy = SchedulingPolicies.Fcfs, CheckInvariants = true, StallTimeout = NoStall };
        configure?.Invoke(options);
        return KvSchedulerHost.StartAsync(factory, options, timeProvider: time);
    }

    public static GenerationRequest Request(int seed, int promptTokens = 8, int maxOutputTokens = 5) =>
        new() { PromptTokens = Prompt(seed, promptTokens), MaxOutputTokens = maxOutputTokens };

    public static int[] Prompt(int seed, int length) => [.. Enumerable.Range(0, length).Select(i => ((seed * 131) + (i * 7)) % 900)];

    public static int[] Expected(GenerationRequest request) =>
        [.. Enumerable.Range(0, request.MaxOutputTokens!.Value).Select(i => ScriptedEngine.TokenAt(request.PromptTokens.Span, i))];

    public static async Task<int[]> TokensAsync(Generation generation)
    {
        var tokens = new List<int>();
        await foreach (GeneratedToken token in generation)
        {
            Assert.Equal(tokens.Count, token.Index);
            tokens.Add(token.TokenId);
        }

        return [.. tokens];
    }

    /// <summary>Waits for something that another thread is about to do; fails loudly instead of hanging.</summary>
    public static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (!condition())
        {
            Assert.False(limit.IsCancellationRequested, $"The condition did not come true within {Patience}.");
            await Task.Delay(1);
        }
    }
}
