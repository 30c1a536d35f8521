namespace KvScheduling.Tests;

public sealed class LengthEstimatorTests
{
    [Fact]
    public void Estimate_TooFewSamples_IsTheLimit()
    {
        LengthEstimator estimator = Create(new LengthEstimationOptions { MinSamples = 50, Quantile = 0.5 }, samples: 49);
        Assert.Equal(300, estimator.Estimate(new TestRequest(10, 300)));
        estimator.OnCompleted(49);
        Assert.Equal(25, estimator.Estimate(new TestRequest(10, 300)));
    }

    [Theory]
    [InlineData(0.5, 50)]
    [InlineData(0.3, 30)]
    [InlineData(0.8, 80)]
    public void Estimate_History_IsTheQuantile(double quantile, int expected)
    {
        LengthEstimator estimator = Create(new LengthEstimationOptions { Quantile = quantile }, samples: 100);
        Assert.Equal(expected, estimator.Estimate(new TestRequest(10, 300)));
    }

    [Theory]
    [InlineData(60, 80)]
    [InlineData(90, 95)]
    [InlineData(98, 163)]
    [InlineData(250, 300)]
    public void Estimate_SomeGenerated_CountsOnlyLongerOutputs(int generated, int expected)
    {
        LengthEstimator estimator = Create(new LengthEstimationOptions { Quantile = 0.5 }, samples: 100);
        Assert.Equal(expected, estimator.Estimate(new TestRequest(10, 300) { GeneratedTokens = generated }));
    }

    [Fact]
    public void Estimate_Hint_ReplacesHistoryUntilItIsOutlived()
    {
        LengthEstimator estimator = Create(new LengthEstimationOptions { Quantile = 0.5 }, samples: 100);
        var request = new TestRequest(10, 300, hints: new SchedulingHints { ExpectedOutputTokens = 70 });
        Assert.Equal(70, estimator.Estimate(request));
        request.GeneratedTokens = 70;
        Assert.Equal(85, estimator.Estimate(request));
        Assert.Equal(300, estimator.Estimate(new TestRequest(10, 300, hints: new SchedulingHints { ExpectedOutputTokens = 9000 })));
    }

    [Fact]
    public void Estimate_GuaranteedReservation_IsAlwaysTheLimit()
    {
        LengthEstimator estimator = Create(new LengthEstimationOptions(), samples: 100, KvReservation.Guaranteed);
        Assert.Equal(300, estimator.Estimate(new TestRequest(10, 300, hints: new SchedulingHints { ExpectedOutputTokens = 5 })));
    }

    [Fact]
    public void Estimate_HistorySize_ForgetsTheOldest()
    {
        LengthEstimator estimator = Create(new LengthEstimationOptions { HistorySize = 50 }, samples: 50);
        for (int i = 0; i < 50; i++)
        {
            estimator.OnCompleted(200);
        }

        Assert.Equal(200, estimator.Estimate(new TestRequest(10, 300)));
    }

    [Fact]
    public void Quantile_AgainstSortedSamples_IsExact()
    {
        var random = new Random(5);
        var history = new LengthHistory(64, 512);
        List<int> kept = [];
        for (int i = 0; i < 2_000; i++)
        {
            int length = 1 + random.Next(600);
            history.Add(length);
            kept.Add(Math.Min(length, 512));
            if (kept.Count > 64)
            {
                kept.RemoveAt(0);
            }

            int above = random.Next(400);
            List<int> longer = kept.Where(l => l > above).Order().ToList();
            Assert.Equal(longer.Count, history.CountAbove(above));
            double quantile = random.NextDouble();
            if (longer.Count > 0)
            {
                int rank = Math.Clamp((int)Math.Ceiling(quantile * longer.Count), 1, longer.Count);
                Assert.Equal(longer[rank - 1], history.Quantile(quantile, above, longer.Count));
            }
        }
    }

    [Fact]
    public void SpeedMeter_Steps_AreSmoothedFromTheFirst()
    {
        var meter = new SpeedMeter();
        Assert.Equal(0, meter.MeanStepSeconds);
        meter.Add(TimeSpan.FromSeconds(2));
        Assert.Equal(2, meter.MeanStepSeconds);
        meter.Add(TimeSpan.FromSeconds(3));
        Assert.Equal(2.1, meter.MeanStepSeconds, 9);
    }

    private static LengthEstimator Create(LengthEstimationOptions options, int samples, KvReservation reservation = KvReservation.Predicted)
    {
        var estimator = new LengthEstimator(options, reservation, 4096);
        for (int i = 1; i <= samples; i++)
        {
            estimator.OnCompleted(i);
        }

        return estimator;
    }
}
