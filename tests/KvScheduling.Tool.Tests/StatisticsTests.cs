namespace KvScheduling.Tool.Tests;

/// <summary>Intervals over seeds, against tables of Student's t distribution.</summary>
public sealed class StatisticsTests
{
    [Theory]
    [InlineData(0.95, 1, 12.7062)]
    [InlineData(0.95, 2, 4.30265)]
    [InlineData(0.95, 4, 2.77645)]
    [InlineData(0.95, 9, 2.26216)]
    [InlineData(0.95, 30, 2.04227)]
    [InlineData(0.95, 1000, 1.96234)]
    [InlineData(0.99, 3, 5.84091)]
    [InlineData(0.90, 10, 1.81246)]
    [InlineData(0.50, 1, 1.00000)]
    public void Critical_KnownValues_AreMet(double confidence, int degrees, double expected) => Assert.Equal(expected, StudentT.Critical(confidence, degrees), 4e-5 * expected);

    [Theory]
    [InlineData(0, 5)]
    [InlineData(1, 5)]
    [InlineData(double.NaN, 5)]
    [InlineData(0.95, 0)]
    public void Critical_OutOfRange_Throws(double confidence, int degrees) => Assert.Throws<ArgumentOutOfRangeException>(() => StudentT.Critical(confidence, degrees));

    [Fact]
    public void HalfWidth_FourValues_IsStudentsInterval()
    {
        var spread = new Spread();
        foreach (double value in (double[])[1, 2, 3, 4])
        {
            spread.Add(value);
        }

        // t(0.975, 3) = 3.182446, s = √(5/3).
        Assert.Equal(3.182446 * Math.Sqrt(5.0 / 3) / 2, spread.HalfWidth, 1e-5);
    }

    [Fact]
    public void HalfWidth_OneValue_IsNotANumber()
    {
        var spread = new Spread();
        spread.Add(7);
        Assert.True(double.IsNaN(spread.HalfWidth));
    }

    [Fact]
    public void HalfWidth_ManySamples_CoversTheTrueMeanAsOftenAsItSays()
    {
        var random = new Random(4);
        int covered = 0;
        for (int i = 0; i < 4_000; i++)
        {
            var spread = new Spread();
            for (int j = 0; j < 5; j++)
            {
                spread.Add(5 + (Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())));
            }

            covered += Math.Abs(spread.Mean - 5) <= spread.HalfWidth ? 1 : 0;
        }

        Assert.InRange(covered / 4_000.0, 0.94, 0.96);
    }
}
