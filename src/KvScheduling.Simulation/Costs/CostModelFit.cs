namespace KvScheduling.Simulation;

/// <summary>The linear cost model nearest to recorded steps: d0 + d1·prefill tokens + d2·decode rows + d3·KV tokens, in milliseconds, none of them negative.</summary>
/// <remarks>Least squares under non-negativity, exactly: with four coefficients each of the sixteen sets that may be above zero is solved, and the best one without a
/// negative coefficient is taken.</remarks>
public sealed class CostModelFit
{
    private const int Terms = 4;

    /// <summary>A column that the others explain up to this share can't be told apart from them.</summary>
    private const double Singular = 1e-10;

    private CostModelFit(double[] coefficients, IReadOnlyList<StepTime> steps)
    {
        Coefficients = coefficients;
        Steps = steps.Count;
        double mean = steps.Average(static step => step.Milliseconds);
        double squares = 0;
        double spread = 0;
        double relative = 0;
        int timed = 0;
        foreach (StepTime step in steps)
        {
            double error = Predict(step) - step.Milliseconds;
            squares += error * error;
            spread += (step.Milliseconds - mean) * (step.Milliseconds - mean);
            if (step.Milliseconds > 0)
            {
                relative += Math.Abs(error) / step.Milliseconds;
                MaxRelativeError = Math.Max(MaxRelativeError, Math.Abs(error) / step.Milliseconds);
                timed++;
            }
        }

        RootMeanSquareError = Math.Sqrt(squares / steps.Count);
        RSquared = spread > 0 ? 1 - (squares / spread) : null;
        MeanRelativeError = timed > 0 ? relative / timed : 0;
    }

    /// <summary>d0 to d3, in milliseconds: per step, prefill token, decode row and KV token.</summary>
    public IReadOnlyList<double> Coefficients { get; }

    /// <summary>How many steps there were.</summary>
    public int Steps { get; }

    /// <summary>The share of the variance that the model explains; <see langword="null"/> where all steps took the same time.</summary>
    public double? RSquared { get; }

    /// <summary>The mean of |predicted - measured| / measured over steps that took time.</summary>
    public double MeanRelativeError { get; }

    /// <summary>The largest |predicted - measured| / measured.</summary>
    public double MaxRelativeError { get; }

    /// <summary>√(mean of (predicted - measured)²), in milliseconds.</summary>
    public double RootMeanSquareError { get; }

    /// <summary>The cost model.</summary>
    public LinearCostModel Model => new(Coefficients[0], Coefficients[1], Coefficients[2], Coefficients[3]);

    /// <summary>Fits the model.</summary>
    /// <param name="steps">The steps; at least four.</param>
    /// <exception cref="WorkloadException">There are fewer than four steps.</exception>
    public static CostModelFit To(IEnumerable<StepTime> steps)
    {
        ArgumentNullException.ThrowIfNull(steps);
        StepTime[] all = [.. steps];
        if (all.Length < Terms)
        {
            throw new WorkloadException($"A cost model has four coefficients, but the log has {all.Length} steps. Record at least four, better some hundred of different sizes.");
        }

        double[,] moments = new double[Terms, Terms + 1];
        foreach (StepTime step in all)
        {
            double[] row = Row(step);
            for (int i = 0; i < Terms; i++)
            {
                for (int j = 0; j < Terms; j++)
                {
                    moments[i, j] += row[i] * row[j];
                }

                moments[i, Terms] += row[i] * step.Milliseconds;
            }
        }

        double[] best = new double[Terms];
        double least = 0;
        for (int set = 1; set < 1 << Terms; set++)
        {
            double[]? solution = Solve(moments, set);
            if (solution is null || solution.Any(static value => value < 0))
            {
                continue;
            }

            // At a solution of the normal equations the sum of squares falls by solution · (moments with the times).
            double gain = Enumerable.Range(0, Terms).Sum(i => solution[i] * moments[i, Terms]);
            if (gain > least)
            {
                (best, least) = (solution, gain);
            }
        }

        return new CostModelFit(best, all);
    }

    private static double[] Row(in StepTime step) => [1, step.PrefillTokens, step.DecodeRows, step.KvTokens];

    /// <summary>Solves the normal equations of a set of terms, each scaled to its own size; null where they can't be told apart.</summary>
    private static double[]? Solve(double[,] moments, int set)
    {
        int[] used = [.. Enumerable.Range(0, Terms).Where(i => (set & (1 << i)) != 0)];
        if (used.Any(i => moments[i, i] <= 0))
        {
            return null;
        }

        int count = used.Length;
        double[,] work = new double[count, count + 1];
        for (int i = 0; i < count; i++)
        {
            for (int j = 0; j < count; j++)
            {
                work[i, j] = moments[used[i], used[j]] / Math.Sqrt(moments[used[i], used[i]] * moments[used[j], used[j]]);
            }

            work[i, count] = moments[used[i], Terms] / Math.Sqrt(moments[used[i], used[i]]);
        }

        // Positive definite: no exchange of rows is needed; a pivot is what a column has that those before it do not explain.
        for (int pivot = 0; pivot < count; pivot++)
        {
            if (work[pivot, pivot] < Singular)
            {
                return null;
            }

            for (int i = 0; i < count; i++)
            {
                double factor = i == pivot ? 0 : work[i, pivot] / work[pivot, pivot];
                for (int j = pivot; factor != 0 && j <= count; j++)
                {
                    work[i, j] -= factor * work[pivot, j];
                }
            }
        }

        double[] solution = new double[Terms];
        for (int i = 0; i < count; i++)
        {
            solution[used[i]] = work[i, count] / work[i, i] / Math.Sqrt(moments[used[i], used[i]]);
        }

        return solution;
    }

    private double Predict(in StepTime step) =>
        Coefficients[0] + (Coefficients[1] * step.PrefillTokens) + (Coefficients[2] * step.DecodeRows) + (Coefficients[3] * step.KvTokens);
}
