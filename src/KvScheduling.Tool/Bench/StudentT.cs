namespace KvScheduling.Tool;

/// <summary>Student's t distribution, for intervals around the mean of few runs.</summary>
internal static class StudentT
{
    private const int Bisections = 100;

    /// <summary>The t that a share of the distribution lies within: P(|T| ≤ t) = confidence.</summary>
    /// <param name="confidence">Above 0 and below 1.</param>
    /// <param name="degrees">Degrees of freedom; 1 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public static double Critical(double confidence, int degrees)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(degrees, 1);
        if (confidence is not (> 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(confidence), confidence, "The confidence must be above 0 and below 1.");
        }

        // Over the angle θ = atan(t / √ν) the share rises from 0 to 1 on an interval that is known.
        (double low, double high) = (0, Math.PI / 2);
        for (int i = 0; i < Bisections; i++)
        {
            double middle = (low + high) / 2;
            (low, high) = Within(middle, degrees) < confidence ? (middle, high) : (low, middle);
        }

        return Math.Sqrt(degrees) * Math.Tan((low + high) / 2);
    }

    /// <summary>P(|T| ≤ √ν tan θ), by the finite series for whole ν (Abramowitz and Stegun, 26.7.3 and 26.7.4).</summary>
    private static double Within(double angle, int degrees)
    {
        (double sine, double cosine) = Math.SinCos(angle);
        bool isOdd = degrees % 2 == 1;
        double term = isOdd ? cosine : 1;
        double sum = degrees == 1 ? 0 : term;
        for (int k = isOdd ? 3 : 2; k < degrees; k += 2)
        {
            term *= cosine * cosine * (k - 1) / k;
            sum += term;
        }

        return isOdd ? (angle + (sine * sum)) * 2 / Math.PI : sine * sum;
    }
}
