using KvScheduling.Simulation;

namespace KvScheduling.Live;

/// <summary>Requests of random tokens with the lengths of a small chat service, drawn by seed; every output ends by its limit.</summary>
internal static class LiveWorkload
{
    private const int FirstToken = 16;
    private const double HintSigma = 0.6;

    private static readonly RequestMix Mix = new("small-chat",
    [
        new RequestKind(0.75, LengthDistribution.Lognormal(24, 0.7, 4, 96), LengthDistribution.Lognormal(24, 0.8, 2, 96)),
        new RequestKind(0.25, LengthDistribution.Uniform(96, 255), LengthDistribution.Lognormal(16, 0.5, 2, 48)),
    ]);

    /// <summary>Draws requests.</summary>
    /// <param name="count">How many.</param>
    /// <param name="perSecond">Their Poisson rate; null: all at once.</param>
    /// <param name="seed">The seed.</param>
    public static LiveRequest[] Draw(int count, double? perSecond, int seed)
    {
        ArrivalProcess arrivals = perSecond is double rate ? ArrivalProcess.Poisson(rate) : ArrivalProcess.AtOnce;
        var random = new Random(seed);
        return [.. SyntheticWorkload.Draw(Mix, arrivals, count, seed).Select(request => new LiveRequest(request.Arrival, Tokens(random, request.PromptTokens), request.OutputTokens, Expect(random, request.OutputTokens)))];
    }

    private static int[] Tokens(Random random, int count)
    {
        int[] tokens = new int[count];
        for (int i = 0; i < count; i++)
        {
            tokens[i] = random.Next(FirstToken, 1000);
        }

        return tokens;
    }

    /// <summary>What a caller would guess: right on average, seldom exactly.</summary>
    private static int Expect(Random random, int output)
    {
        double z = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        return (int)Math.Clamp(Math.Round(output * Math.Exp(HintSigma * z)), 1, output);
    }
}

/// <summary>A request of a live run.</summary>
/// <param name="Arrival">When it comes, from the beginning.</param>
/// <param name="Prompt">Its prompt.</param>
/// <param name="OutputTokens">How many tokens it generates.</param>
/// <param name="ExpectedTokens">How many its caller expects; at most that many.</param>
internal sealed record LiveRequest(TimeSpan Arrival, int[] Prompt, int OutputTokens, int ExpectedTokens)
{
    public GenerationRequest ToRequest(bool withHint = true) => new()
    {
        PromptTokens = Prompt,
        MaxOutputTokens = OutputTokens,
        IgnoreEndTokens = true,
        Hints = withHint ? new SchedulingHints { ExpectedOutputTokens = ExpectedTokens } : SchedulingHints.None,
    };
}
