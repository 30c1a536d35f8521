namespace KvScheduling.ManagedEngine.Tests;

public sealed class TokenSamplerTests
{
    private static readonly SamplingSettings Plain = new() { Seed = 7 };

    [Theory]
    [InlineData(1003, 1002)]
    [InlineData(1003, 0)]
    [InlineData(17, 16)]
    [InlineData(3, 1)]
    public void Sample_Greedy_TakesTheGreatestWhereverItIs(int vocabulary, int place)
    {
        float[] logits = Logits(vocabulary);
        logits[place] = 100;
        Assert.All(Pick(logits, SamplingSettings.Greedy), token => Assert.Equal(place, token));
    }

    [Fact]
    public void Sample_GreedyTie_TakesTheLowestId()
    {
        float[] logits = Logits(100);
        logits[30] = logits[31] = logits[77] = 50;
        Assert.All(Pick(logits, SamplingSettings.Greedy), token => Assert.Equal(30, token));
        float[] zeros = Enumerable.Repeat(-1f, 40).ToArray();
        zeros[12] = 0f;
        zeros[11] = -0f;
        Assert.All(Pick(zeros, SamplingSettings.Greedy), token => Assert.Equal(11, token));
        Assert.All(Pick(zeros, Plain with { TopK = 1 }), token => Assert.Equal(11, token));
    }

    [Theory]
    [InlineData(float.NaN, 5)]
    [InlineData(float.PositiveInfinity, 0)]
    [InlineData(float.NegativeInfinity, 99)]
    [InlineData(float.NaN, 98)]
    public void Sample_NotFinite_IsReported(float value, int place)
    {
        float[] logits = Logits(100);
        logits[place] = value;
        Assert.All(Pick(logits, SamplingSettings.Greedy), token => Assert.Equal(TokenSampler.NotFinite, token));
        Assert.All(Pick(logits, Plain), token => Assert.Equal(TokenSampler.NotFinite, token));
    }

    [Theory]
    [InlineData(1f)]
    [InlineData(0.5f)]
    [InlineData(2f)]
    public void Sample_Temperature_FollowsTheDistribution(float temperature)
    {
        float[] logits = Logits(300, size: 2);
        double[] expected = Softmax(logits, temperature);
        AssertFrequencies(expected, logits, Plain with { Temperature = temperature });
    }

    [Fact]
    public void Sample_TopK_KeepsTheMostLikelyAndTheirProportions()
    {
        float[] logits = Logits(300, size: 2);
        int[] kept = Ranked(logits).Take(5).ToArray();
        AssertFrequencies(Restrict(Softmax(logits, 1), kept), logits, Plain with { TopK = 5 });
    }

    [Theory]
    [InlineData(0.9f)]
    [InlineData(0.5f)]
    [InlineData(0.01f)]
    public void Sample_TopP_KeepsTheSmallestSetThatReachesIt(float topP)
    {
        float[] logits = Logits(300, size: 3);
        double[] p = Softmax(logits, 1);
        AssertFrequencies(Restrict(p, Nucleus(Ranked(logits), p, topP)), logits, Plain with { TopP = topP });
    }

    [Fact]
    public void Sample_TopKAndTopP_CutsTheNucleusOutOfTheK()
    {
        float[] logits = Logits(300, size: 3);
        int[] k = Ranked(logits).Take(10).ToArray();
        double[] p = Restrict(Softmax(logits, 1), k);
        AssertFrequencies(Restrict(p, Nucleus(k, p, 0.6f)), logits, Plain with { TopK = 10, TopP = 0.6f });
    }

    [Theory]
    [InlineData(50)]
    [InlineData(5000)]
    public void Sample_KOfTheVocabularyOrMore_IsNoLimit(int topK) => Assert.Equal(Pick(Logits(50), Plain), Pick(Logits(50), Plain with { TopK = topK }));

    [Fact]
    public void Sample_NearlyZeroTemperature_IsGreedy()
    {
        float[] logits = Logits(500);
        int greedy = Pick(logits, SamplingSettings.Greedy)[0];
        for (int seed = 0; seed < 50; seed++)
        {
            Assert.All(Pick(logits, new SamplingSettings { Temperature = 1e-30f, Seed = seed }), token => Assert.Equal(greedy, token));
        }
    }

    [Fact]
    public void Sample_Penalties_LowerWhatWasGenerated()
    {
        float[] logits = [0, 1.0f, 0.9f, 0.5f];
        SamplingSettings presence = SamplingSettings.Greedy with { PresencePenalty = 0.2f };
        SamplingSettings frequency = SamplingSettings.Greedy with { FrequencyPenalty = 0.05f };
        Assert.All(Pick(logits, presence, []), token => Assert.Equal(1, token));
        Assert.All(Pick(logits, presence, [1]), token => Assert.Equal(2, token));
        Assert.All(Pick(logits, presence, [1, 1, 1, 2]), token => Assert.Equal(1, token));
        Assert.All(Pick(logits, frequency, [1]), token => Assert.Equal(1, token));
        Assert.All(Pick(logits, frequency, [1, 1, 1]), token => Assert.Equal(2, token));
        Assert.All(Pick(logits, SamplingSettings.Greedy with { FrequencyPenalty = -2 }, [3]), token => Assert.Equal(3, token));
    }

    [Fact]
    public void Sample_PenaltiesTwice_ForgetTheFirstOutput()
    {
        TokenSampler sampler = TokenSampler.Create(Widths.Supported[0]);
        SamplerScratch scratch = sampler.CreateScratch(4);
        SamplingSettings settings = SamplingSettings.Greedy with { PresencePenalty = 1 };
        Assert.Equal(2, sampler.Sample([0, 1.0f, 0.9f, 0.5f], settings, [1], scratch));
        Assert.Equal(1, sampler.Sample([0, 1.0f, 0.9f, 0.5f], settings, [2], scratch));
    }

    [Fact]
    public void Sample_EveryWidth_PicksTheSameTokens()
    {
        float[] logits = Logits(2000, size: 3);
        SamplingSettings[] settings = [Plain, Plain with { TopP = 0.8f }, Plain with { TopK = 40 }, Plain with { Temperature = 0.7f, TopK = 20, TopP = 0.9f }];
        foreach (SamplingSettings s in settings)
        {
            for (int position = 0; position < 200; position++)
            {
                Assert.Single(Pick(logits, s, new int[position]).Distinct());
            }
        }
    }

    [Fact]
    public void Sample_PinnedSeed_GivesTheSameTokensOnEveryMachine()
    {
        float[] logits = Enumerable.Range(0, 1000).Select(i => (i * 37 % 101) / 25f).ToArray();
        int[] tokens = Enumerable.Range(0, 8).Select(position => Pick(logits, new SamplingSettings { Seed = 42 }, new int[position])[0]).ToArray();
        Assert.Equal([343, 958, 488, 67, 676, 67, 196, 737], tokens);
    }

    [Fact]
    public void NextDouble_SeedsAndPositions_AreSpreadAndPinned()
    {
        double[] values = Enumerable.Range(0, 10_000).Select(i => CounterRandom.NextDouble(i % 100, i / 100)).ToArray();
        Assert.All(values, v => Assert.InRange(v, 0, 1 - double.Epsilon));
        Assert.Equal(10_000, values.Distinct().Count());
        Assert.Equal(0.5, values.Average(), 0.01);
        Assert.Equal(0.36818951565166946, CounterRandom.NextDouble(1, 0));
        Assert.Equal(0.7552852342481882, CounterRandom.NextDouble(-5, 1000));
    }

    [Theory]
    [InlineData(-0.1f, 1f, 0, 0f, 0f, nameof(SamplingSettings.Temperature))]
    [InlineData(float.NaN, 1f, 0, 0f, 0f, nameof(SamplingSettings.Temperature))]
    [InlineData(101f, 1f, 0, 0f, 0f, nameof(SamplingSettings.Temperature))]
    [InlineData(1f, 0f, 0, 0f, 0f, nameof(SamplingSettings.TopP))]
    [InlineData(1f, 1.1f, 0, 0f, 0f, nameof(SamplingSettings.TopP))]
    [InlineData(1f, 1f, -1, 0f, 0f, nameof(SamplingSettings.TopK))]
    [InlineData(1f, 1f, 0, 2.1f, 0f, nameof(SamplingSettings.FrequencyPenalty))]
    [InlineData(1f, 1f, 0, 0f, float.NaN, nameof(SamplingSettings.PresencePenalty))]
    public void Validate_OutOfRange_NamesTheSetting(float temperature, float topP, int topK, float frequency, float presence, string name)
    {
        SamplingSettings settings = new() { Temperature = temperature, TopP = topP, TopK = topK, FrequencyPenalty = frequency, PresencePenalty = presence, Seed = 1 };
        Assert.Contains(name, Assert.Throws<ArgumentOutOfRangeException>(() => SamplingSettingsCheck.Validate(settings)).ParamName, StringComparison.Ordinal);
    }

    [Fact]
    public void Validate_SamplingWithoutSeed_IsRefusedAndGreedyIsNot()
    {
        Assert.Throws<ArgumentException>(() => SamplingSettingsCheck.Validate(new SamplingSettings()));
        SamplingSettingsCheck.Validate(SamplingSettings.Greedy);
    }

    private static float[] Logits(int count, float size = 5) => FakeWeights.RandomRows(1, count, seed: 21, size)[0];

    /// <summary>The pick on every width.</summary>
    private static int[] Pick(float[] logits, SamplingSettings settings, int[]? output = null) => Widths.Supported
        .Select(TokenSampler.Create)
        .Select(sampler => sampler.Sample(logits, settings, output ?? [], sampler.CreateScratch(logits.Length)))
        .ToArray();

    private static double[] Softmax(float[] logits, double temperature)
    {
        double max = logits.Max();
        double[] weights = logits.Select(l => Math.Exp((l - max) / temperature)).ToArray();
        double sum = weights.Sum();
        return weights.Select(w => w / sum).ToArray();
    }

    private static int[] Ranked(float[] logits) => Enumerable.Range(0, logits.Length).OrderByDescending(i => logits[i]).ThenBy(i => i).ToArray();

    private static int[] Nucleus(int[] ranked, double[] p, float topP)
    {
        double sum = 0;
        return ranked.TakeWhile(token =>
        {
            bool take = sum < topP;
            sum += p[token];
            return take;
        }).ToArray();
    }

    private static double[] Restrict(double[] p, int[] kept)
    {
        double sum = kept.Sum(token => p[token]);
        return p.Select((value, token) => kept.Contains(token) ? value / sum : 0).ToArray();
    }

    /// <summary>Draws at many positions and compares with what is expected: nothing impossible, and every frequency within five standard deviations.</summary>
    private static void AssertFrequencies(double[] expected, float[] logits, SamplingSettings settings)
    {
        const int Draws = 20_000;
        TokenSampler sampler = TokenSampler.Create(Widths.Supported[^1]);
        SamplerScratch scratch = sampler.CreateScratch(logits.Length);
        int[] counts = new int[logits.Length];
        int[] output = new int[Draws];
        for (int position = 0; position < Draws; position++)
        {
            counts[sampler.Sample(logits, settings, output.AsSpan(0, position), scratch)]++;
        }

        for (int token = 0; token < expected.Length; token++)
        {
            double deviation = Math.Sqrt(Draws * expected[token] * (1 - expected[token]));
            Assert.InRange(Math.Abs(counts[token] - (Draws * expected[token])), 0, (5 * deviation) + (expected[token] > 0 ? 1 : 0));
        }
    }
}
