namespace KvScheduling.Simulation;

/// <summary>The synthetic mixes that the scheduling literature and this project's results are measured on.</summary>
public static class RequestMixes
{
    private static readonly LengthDistribution ShortPrompts = LengthDistribution.Lognormal(150, 1, 8, 4000);
    private static readonly LengthDistribution ShortOutputs = LengthDistribution.Lognormal(180, 0.9, 4, 2000);
    private static readonly LengthDistribution LmsysPrompts = LengthDistribution.Lognormal(11, 1.62, 1, 2000);
    private static readonly LengthDistribution LmsysOutputs = LengthDistribution.Lognormal(45, 1.13, 1, 1500);
    private static readonly LengthDistribution LongPrompts = LengthDistribution.Lognormal(5000, 0.5, 500, 12_000);
    private static readonly LengthDistribution LongOutputs = LengthDistribution.Lognormal(180, 0.4, 30, 600);

    private static readonly RequestMix[] Known =
    [
        new("chat", [new RequestKind(1, ShortPrompts, ShortOutputs)]),
        new("chat-docs",
        [
            new RequestKind(0.7, ShortPrompts, ShortOutputs),
            new RequestKind(0.3, LengthDistribution.Uniform(4000, 11_999), LengthDistribution.Lognormal(150, 0.5, 20, 800)),
        ]),
        new("rag-reasoning",
        [
            new RequestKind(0.5, LengthDistribution.Lognormal(6000, 0.4, 500, 16_000), LengthDistribution.Lognormal(60, 0.6, 4, 400)),
            new RequestKind(0.5, LengthDistribution.Lognormal(100, 0.6, 8, 1000), LengthDistribution.Lognormal(1500, 0.5, 100, 6000)),
        ]),
        new("uniform", [new RequestKind(1, LengthDistribution.Uniform(1, 3000), LengthDistribution.Uniform(1, 1500))]),
        new("lmsys", [new RequestKind(1, LmsysPrompts, LmsysOutputs)]),
        new("lmsys-words", [new RequestKind(1, LengthDistribution.Lognormal(21, 1.55, 1, 499), LengthDistribution.Lognormal(117, 0.71, 1, 499))]),
        WithLong("lmsys-long10", 0.1),
        WithLong("lmsys-long30", 0.3),
        WithLong("lmsys-long60", 0.6),
        Fixed("p512d20", (1, 512, 20)),
        Fixed("p512d20-d50", (0.7, 512, 20), (0.3, 512, 50)),
        Fixed("p512d1000", (1, 512, 1000)),
        Fixed("p10d10-d20", (1, 10, 10), (1, 10, 20)),
        Fixed("p20d100-d300", (6, 20, 100), (4, 20, 200), (2, 20, 300)),
        Fixed("p10d20-d160", (20, 10, 20), (40, 10, 40), (80, 10, 80), (160, 10, 160)),
    ];

    /// <summary>All mixes.</summary>
    /// <remarks>
    /// <para><c>chat</c>, <c>chat-docs</c> (70 % chat, 30 % documents to summarise), <c>rag-reasoning</c> (half retrieval, half long reasoning) and <c>uniform</c>: backlogs of
    /// unequal requests.</para>
    /// <para><c>lmsys</c>: lognormal lengths with the moments that arXiv 2502.07115 reports for LMSYS-Chat-1M; <c>lmsys-long10</c>, <c>30</c> and <c>60</c> add that many
    /// percent of long prompts.</para>
    /// <para><c>lmsys-words</c>: lognormal lengths below 500 fitted to the means (58.5 and 147.3) and medians (21 and 117) of the LMSYS sample of arXiv 2504.11320, which counts words. A fit: the
    /// sample has more short outputs.</para>
    /// <para><c>p512d20</c>, <c>p512d20-d50</c>, <c>p512d1000</c>, <c>p10d10-d20</c>, <c>p20d100-d300</c> and <c>p10d20-d160</c>: the fixed types of arXiv 2504.11320 (prompt, then output lengths).</para>
    /// </remarks>
    public static IReadOnlyList<RequestMix> All => Known;

    /// <summary>A mix by its name.</summary>
    /// <param name="name">The name; case does not matter.</param>
    /// <exception cref="ArgumentException">No mix has this name; the message lists them.</exception>
    public static RequestMix Get(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Array.Find(Known, mix => mix.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            ?? throw new ArgumentException($"There is no request mix named '{name}'. Known mixes: {string.Join(", ", Known.Select(static mix => mix.Name))}.", nameof(name));
    }

    private static RequestMix WithLong(string name, double share) =>
        new(name, [new RequestKind(1 - share, LmsysPrompts, LmsysOutputs), new RequestKind(share, LongPrompts, LongOutputs)]);

    private static RequestMix Fixed(string name, params ReadOnlySpan<(double Weight, int Prompt, int Output)> types)
    {
        var kinds = new List<RequestKind>();
        foreach ((double weight, int prompt, int output) in types)
        {
            kinds.Add(new RequestKind(weight, LengthDistribution.Constant(prompt), LengthDistribution.Constant(output)));
        }

        return new RequestMix(name, kinds);
    }
}
