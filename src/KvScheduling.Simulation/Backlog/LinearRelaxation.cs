namespace KvScheduling.Simulation;

/// <summary>The linear relaxation of a backlog's schedule: requests may start a part now and a part later.</summary>
/// <remarks>
/// <para>x(i,k) ≥ 0 is the part of request i that starts at round k, Σ_k x(i,k) = 1; in every round t, Σ_i Σ_k (s_i + t - k)·x(i,k) over the parts that run is
/// within the budget; least Σ (k + o_i)·x(i,k).
/// Rounds up to Σ output are enough, because an optimal schedule never idles; with fewer the value would be no bound. Source of the integer programme: MC-SF,
/// arXiv 2502.07115.</para>
/// <para>Identical requests are one, with that many parts: the relaxation's value is the same.</para>
/// </remarks>
internal sealed class LinearRelaxation
{
    /// <summary>The largest tableau: 16 MiB, and seconds at most.</summary>
    private const long MaxCells = 2_000_000;

    private readonly double[] _meanStarts;
    private readonly IReadOnlyList<WorkloadRequest> _requests;

    private LinearRelaxation(IReadOnlyList<WorkloadRequest> requests, double value, double[] meanStarts)
    {
        _requests = requests;
        Value = value;
        _meanStarts = meanStarts;
    }

    /// <summary>A lower bound of the total latency of every schedule.</summary>
    public double Value { get; }

    /// <summary>Solves it; null when the backlog is too large.</summary>
    public static LinearRelaxation? Solve(IReadOnlyList<WorkloadRequest> requests, long kvTokens, CancellationToken cancellationToken)
    {
        Class[] classes = [.. requests.Select(static (request, index) => (request, index))
            .GroupBy(static item => (item.request.PromptTokens, item.request.OutputTokens))
            .Select(static group => new Class(group.Key.PromptTokens, group.Key.OutputTokens, [.. group.Select(static item => item.index)]))];
        long rounds = BacklogBounds.Trivial(requests);
        long variables = classes.Sum(each => rounds - each.Output + 1);
        long rows = classes.Length + rounds;
        if (rows > int.MaxValue || rows * (variables + rows) > MaxCells)
        {
            return null;
        }

        (double value, double[] parts) = Build(classes, (int)rounds, kvTokens).Solve(cancellationToken);
        double[] meanStarts = new double[requests.Count];
        int variable = 0;
        foreach (Class each in classes)
        {
            double sum = 0;
            for (int start = 0; start <= rounds - each.Output; start++)
            {
                sum += start * parts[variable++];
            }

            foreach (int member in each.Members)
            {
                meanStarts[member] = sum / each.Members.Length;
            }
        }

        return new LinearRelaxation(requests, value, meanStarts);
    }

    /// <summary>The rank of each request by mean start, then output, then arrival.</summary>
    public int[] Order()
    {
        // Mean starts that differ by rounding alone are equal.
        int[] order = [.. Enumerable.Range(0, _requests.Count).OrderBy(i => Math.Round(_meanStarts[i], 6)).ThenBy(i => _requests[i].OutputTokens)];
        int[] ranks = new int[order.Length];
        for (int rank = 0; rank < order.Length; rank++)
        {
            ranks[order[rank]] = rank;
        }

        return ranks;
    }

    private static Simplex Build(Class[] classes, int rounds, long kvTokens)
    {
        double[] costs = [.. classes.SelectMany(each => Enumerable.Range(0, rounds - each.Output + 1).Select(start => (double)(start + each.Output)))];
        var simplex = new Simplex(costs, classes.Length, rounds);
        int variable = 0;
        for (int i = 0; i < classes.Length; i++)
        {
            Class each = classes[i];
            simplex.SetRightSide(i, each.Members.Length);
            for (int start = 0; start <= rounds - each.Output; start++, variable++)
            {
                simplex[i, variable] = 1;
                for (int age = 1; age <= each.Output; age++)
                {
                    // In parts of the budget, so that all numbers are of one size.
                    simplex[classes.Length + start + age - 1, variable] = (double)(each.Prompt + age) / kvTokens;
                }
            }
        }

        for (int round = 0; round < rounds; round++)
        {
            simplex.SetRightSide(classes.Length + round, 1);
        }

        return simplex;
    }

    private sealed record Class(int Prompt, int Output, int[] Members);
}
