using KvScheduling.Baselines;
using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary>A workload that tells schedulers apart, and the engine that it runs on.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Question">What it asks.</param>
/// <param name="Mix">The lengths.</param>
/// <param name="Rate">Requests per second.</param>
/// <param name="Seconds">For how long they arrive.</param>
internal sealed record RivalCase(string Name, string Question, RequestMix Mix, double Rate, double Seconds)
{
    /// <summary>The tenant that does not flood.</summary>
    public const string Quiet = "quiet";

    private static readonly RequestMix Chat = RequestMixes.Get("chat");

    /// <summary>What sets a request apart, by its place in the workload.</summary>
    public Func<WorkloadRequest, long, WorkloadRequest> Mark { get; private init; } = static (request, _) => request;

    /// <summary>Whose figures count.</summary>
    public Func<WorkloadRequest, bool> Counts { get; private init; } = static _ => true;

    /// <summary>What the scheduler of this library is given for the case; baselines run as they ship.</summary>
    public Action<KvSchedulingOptions> Configure { get; private init; } = static _ => { };

    /// <summary>The output limit of every request.</summary>
    public int MaxOutputTokens { get; private init; } = 2000;

    /// <summary>What the scheduler is told about output lengths.</summary>
    public OutputLengths Lengths { get; private init; } = OutputLengths.History;

    public static RivalCase LongPrompts { get; } = new(
        "long-prompts",
        "5 % prompts of 30,000 to 60,000 tokens in a pool of 65,536, and who waits behind them",
        new RequestMix("long", [.. Chat.Kinds.Select(static kind => kind with { Weight = 0.95 }), new RequestKind(0.05, LengthDistribution.Uniform(30_000, 60_000), LengthDistribution.Uniform(50, 200))]),
        2,
        300);

    public static RivalCase Growth { get; } = new(
        "growth", "prompts of 1,000 and outputs of 6,000 tokens, of which 16 outgrow the pool", Of(LengthDistribution.Uniform(800, 1200), LengthDistribution.Uniform(5000, 6000)), 0.08, 900)
    {
        MaxOutputTokens = 6000,
    };

    public static RivalCase HighLimits { get; } = new(
        "high-limits", "limits of 8,000 tokens, outputs of about 300", Of(LengthDistribution.Uniform(300, 700), LengthDistribution.Uniform(200, 400)), 3, 300)
    {
        MaxOutputTokens = 8000,
    };

    public static RivalCase Bimodal { get; } = new(
        "bimodal",
        "a burst of 150 every 30 seconds, one in ten a hundred times as long as the others; lengths known",
        new RequestMix("bimodal", [new RequestKind(0.9, LengthDistribution.Constant(100), LengthDistribution.Constant(20)), new RequestKind(0.1, LengthDistribution.Constant(100), LengthDistribution.Constant(2000))]),
        5,
        300)
    {
        Lengths = OutputLengths.Known,
        Mark = static (request, _) => request with { Arrival = request.Arrival - new TimeSpan(request.Arrival.Ticks % TimeSpan.FromSeconds(30).Ticks) },
    };

    public static RivalCase Flood { get; } = new("flood", "one tenant sends 20 times as much as the other; figures of the quiet one", Chat, 6, 300)
    {
        Mark = static (request, index) => request with { Tenant = index % 21 == 0 ? Quiet : "loud" },
        Counts = static request => request.Tenant == Quiet,
        Configure = static options => options.Fairness = TenantFairness.VirtualTokenCounter,
    };

    public static RivalCase HighTier { get; } = new("high-tier", "more of the high priority than can be served, for a long time; figures of the low one", Chat, 6, 300)
    {
        Mark = static (request, index) => request with { Priority = index % 20 == 0 ? 0 : 1 },
        Counts = static request => request.Priority == 0,
    };

    public static RivalCase Overload { get; } = new("overload", "ten times what can be served, for a minute", Chat, 30, 60)
    {
        Configure = static options => options.QueueTimeout = TimeSpan.FromSeconds(10),
    };

    public static RivalCase Impatient { get; } = new("impatient", "three of ten callers leave unless they have started within two seconds", Chat, 4, 300)
    {
        Mark = static (request, index) => request with { Patience = index % 10 < 3 ? TimeSpan.FromSeconds(2) : null },
    };

    public static RivalCase Light { get; } = new("light", "equal sizes at light load, where a tie is expected", Of(LengthDistribution.Constant(200), LengthDistribution.Constant(100)), 0.8, 300);

    public static IReadOnlyList<RivalCase> All { get; } = [LongPrompts, Growth, HighLimits, Bimodal, Flood, HighTier, Overload, Impatient, Light];

    /// <summary>An engine as .NET applications have it: 65,536 tokens in blocks of 16, 16 requests at once, iteration times of Llama 2 7B on an A100.</summary>
    /// <param name="policy">The policy that runs on it.</param>
    public SimulationSettings SettingsFor(string policy) => new()
    {
        KvTokens = 65_536,
        BlockTokens = 16,
        MaxRunningRequests = 16,
        MaxOutputTokens = MaxOutputTokens,
        CostModel = LinearCostModel.Llama2A100,
        OutputLengths = Lengths,
        KeepRequests = true,
        Configure = BaselinePolicies.All.ContainsKey(policy) ? null : Configure,
        AdditionalPolicies = BaselinePolicies.All,
    };

    /// <summary>The requests; the same seed gives the same ones.</summary>
    public WorkloadRequest[] Requests(int seed) =>
    [
        .. SyntheticWorkload.Draw(Mix, ArrivalProcess.Poisson(Rate), (long)(Rate * Seconds), seed).Select((request, index) => Mark(request, index)),
    ];

    private static RequestMix Of(LengthDistribution prompts, LengthDistribution outputs) => new("own", [new RequestKind(1, prompts, outputs)]);
}
