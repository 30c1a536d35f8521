namespace KvScheduling.Tests;

public sealed class PrefillPriceTests
{
    [Fact]
    public void StepsPerToken_StepsOnALine_IsItsSlopeOverItsHeight()
    {
        // 20 ms, and 50 µs per prompt token.
        PrefillPrice price = Measure(static tokens => 0.020 + (0.000_050 * tokens), 0, 512, 0, 100, 2048, 0, 7);
        Assert.Equal(0.0025, price.StepsPerToken, 6);
    }

    [Fact]
    public void StepsPerToken_EveryStepHasPrompts_IsStillTheSlopeOverTheHeight()
    {
        PrefillPrice price = Measure(static tokens => 1 + (tokens / 512.0), 512, 2048, 1024, 300, 1800);
        Assert.Equal(1 / 512.0, price.StepsPerToken, 6);
    }

    [Fact]
    public void StepsPerToken_PromptsTakeNoTime_IsZero() => Assert.Equal(0, Measure(static _ => 1, 0, 512, 0, 100).StepsPerToken, 9);

    [Fact]
    public void StepsPerToken_StepsWithPromptsAreShorter_IsZero() => Assert.Equal(0, Measure(static tokens => tokens > 0 ? 1 : 2, 0, 512, 0, 100).StepsPerToken);

    [Fact]
    public void StepsPerToken_NothingMeasured_IsZero() => Assert.Equal(0, new PrefillPrice().StepsPerToken);

    [Fact]
    public void StepsPerToken_AllStepsAlike_IsZero() => Assert.Equal(0, Measure(static _ => 1, 256, 256, 256).StepsPerToken, 6);

    [Fact]
    public void StepsPerToken_OnlyPromptsTakeTime_IsBounded()
    {
        PrefillPrice price = Measure(static tokens => tokens / 1000.0, 0, 500, 0, 1500);
        Assert.InRange(price.StepsPerToken, 1 / 500.0, 1 / 25.0);
    }

    [Fact]
    public void StepsPerToken_EngineGetsSlower_FollowsTheLatestSteps()
    {
        var price = new PrefillPrice();
        Add(price, static tokens => 1 + (tokens / 512.0), 2000, 0, 512, 0, 100);
        Add(price, static tokens => 1 + (tokens / 128.0), 20_000, 0, 512, 0, 100);
        Assert.Equal(1 / 128.0, price.StepsPerToken, 4);
    }

    private static PrefillPrice Measure(Func<int, double> seconds, params int[] promptTokens)
    {
        var price = new PrefillPrice();
        Add(price, seconds, 1000, promptTokens);
        return price;
    }

    private static void Add(PrefillPrice price, Func<int, double> seconds, int steps, params int[] promptTokens)
    {
        for (int i = 0; i < steps; i++)
        {
            int tokens = promptTokens[i % promptTokens.Length];
            price.Add(tokens, TimeSpan.FromSeconds(seconds(tokens)));
        }
    }
}
