using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary>A stream of <c>bench wait</c>.</summary>
/// <param name="Mix">The kinds of requests.</param>
/// <param name="Rates">Arrivals per second that it is replayed at unless others are given.</param>
/// <param name="Requests">Requests per run unless another number is given.</param>
internal sealed record WaitWorkload(RequestMix Mix, IReadOnlyList<double> Rates, int Requests)
{
    private const int Sampled = 20_000;
    private const int SampleSeed = 20_250_411;
    private readonly Lazy<WorkloadRequest[]> _sample = new(() => [.. SyntheticWorkload.Draw(Mix, ArrivalProcess.AtOnce, Sampled, SampleSeed)]);

    /// <summary>The workloads of arXiv 2504.11320, section 6, one that stands for its LMSYS sample, and the short requests of its first version.</summary>
    public static IReadOnlyList<WaitWorkload> All { get; } =
    [
        new(RequestMixes.Get("p512d20"), [12, 16, 18, 20, 22, 23, 24, 26], 10_000),
        new(RequestMixes.Get("p512d20-d50"), [10, 14, 16, 18, 20, 21, 22, 24], 10_000),
        new(RequestMixes.Get("p512d1000"), [0.5, 1, 1.5, 2, 2.25, 2.5, 3], 2_000),
        new(RequestMixes.Get("lmsys-words"), [10, 20, 25, 28, 30, 32, 35, 40], 5_000),
        new(RequestMixes.Get("p10d10-d20"), [100, 200, 300, 350, 400, 450, 500], 20_000),
    ];

    public string Name => Mix.Name;

    /// <summary>Requests as many runs will see them on average: what the fluid model and the exact thresholds are given as the truth.</summary>
    public IReadOnlyList<WorkloadRequest> Sample => _sample.Value;

    /// <summary>The output limit of every request: the longest output.</summary>
    public int LongestOutput => Sample.Max(static request => request.OutputTokens);

    /// <exception cref="WrongInput">There is none of this name.</exception>
    public static WaitWorkload Get(string name) =>
        All.FirstOrDefault(each => each.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new WrongInput($"--workloads: there is no workload named '{name}'. Known workloads: {string.Join(", ", All.Select(static each => each.Name))}.");

    /// <summary>What arrives in one run: the same requests for every policy, and for every rate but for the times.</summary>
    public WorkloadRequest[] Draw(double rate, int seed) => [.. SyntheticWorkload.Draw(Mix, ArrivalProcess.Poisson(rate), Requests, seed)];
}
