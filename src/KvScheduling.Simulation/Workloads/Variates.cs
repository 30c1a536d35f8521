namespace KvScheduling.Simulation;

/// <summary>Draws from distributions that <see cref="Random"/> lacks.</summary>
internal static class Variates
{
    /// <summary>By Box and Muller.</summary>
    public static double StandardNormal(Random random) =>
        Math.Sqrt(-2.0 * Math.Log(1.0 - random.NextDouble())) * Math.Cos(2.0 * Math.PI * random.NextDouble());

    /// <summary>Mean 1.</summary>
    public static double Exponential(Random random) => -Math.Log(1.0 - random.NextDouble());

    /// <summary>Scale 1, by Marsaglia and Tsang (2000).</summary>
    public static double Gamma(Random random, double shape)
    {
        if (shape < 1)
        {
            return Gamma(random, shape + 1) * Math.Pow(1.0 - random.NextDouble(), 1 / shape);
        }

        double d = shape - (1.0 / 3);
        double c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            double x = StandardNormal(random);
            double v = Math.Pow(1 + (c * x), 3);
            if (v > 0 && Math.Log(1.0 - random.NextDouble()) < (0.5 * x * x) + d - (d * v) + (d * Math.Log(v)))
            {
                return d * v;
            }
        }
    }
}
