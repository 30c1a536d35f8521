using System.CommandLine;
using System.Globalization;
using KvScheduling.Baselines;
using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary>The options that describe the engine and what the scheduler knows.</summary>
internal sealed class EngineOptions
{
    /// <summary>The values of <c>--eviction</c>.</summary>
    public const string Recompute = "recompute";
    public const string Restart = "restart";

    private const string Off = "off";
    private const string NoFairness = "none";
    private const string TokenCounters = "vtc";

    private readonly Option<string> _costModel;
    private readonly Option<long> _kvTokens = Options.KvTokens();

    private readonly Option<int> _blockSize = Options.AtLeast(
        new Option<int>("--block-size") { Description = "Tokens per KV block.", HelpName = "B", DefaultValueFactory = static _ => 1 }, 1);

    private readonly Option<int?> _maxRunning = Options.AtLeast(
        new Option<int?>("--max-running") { Description = "The most requests that hold KV at once. 256 by default; with the unit model no limit.", HelpName = "N" }, 1);

    private readonly Option<int?> _maxContext = Options.AtLeast(
        new Option<int?>("--max-context") { Description = "The model's context, prompt and output together. By default only the KV budget is a limit.", HelpName = "M" }, 2);

    private readonly Option<int?> _maxStepTokens = Options.AtLeast(
        new Option<int?>("--max-step-tokens") { Description = "The most tokens computed in one step. 2048 by default; with the unit model no limit.", HelpName = "T" }, 1);

    private readonly Option<int?> _prefillChunk = Options.AtLeast(
        new Option<int?>("--prefill-chunk") { Description = "The most tokens of one prompt in one step. By default all of the step; with the unit model prompts are taken whole.", HelpName = "C" }, 1);

    private readonly Option<int?> _maxPartialPrefills = Options.AtLeast(
        new Option<int?>("--max-partial-prefills") { Description = "The most prompts that are computed in part at once. 2 by default.", HelpName = "N" }, 1);

    private readonly Option<string> _outputLengths;

    private readonly Option<int?> _maxOutput = Options.AtLeast(
        new Option<int?>("--max-output") { Description = "The output limit of every request; longer outputs are cut off. By default the longest output of the workload.", HelpName = "M" }, 1);

    private readonly Option<string> _backfill = new("--backfill")
    {
        Description = "Whether requests may pass a blocked head when its earliest start does not move.",
        HelpName = "on|off",
        DefaultValueFactory = static _ => "on",
    };

    private readonly Option<string> _eviction = new("--eviction")
    {
        Description = "What an evicted request does when it comes back: recompute (it keeps its tokens, which are computed again) or restart (it loses them and begins again).",
        HelpName = $"{Recompute}|{Restart}",
        DefaultValueFactory = static _ => Recompute,
    };

    private readonly Option<string> _fairness = new("--fairness")
    {
        Description = "How tenants share the engine: none, or vtc (virtual token counters: who was served least goes next).",
        HelpName = $"{NoFairness}|{TokenCounters}",
        DefaultValueFactory = static _ => NoFairness,
    };

    private readonly Option<string> _promoteAfter;

    /// <param name="costModel">The cost model where none is given.</param>
    /// <param name="promoteAfter">The wait after which a request is promoted where none is given.</param>
    /// <param name="outputLengths">What the scheduler is told where nothing is given; a list where the command runs with each.</param>
    public EngineOptions(string costModel = CostModels.Llama2A100, string promoteAfter = "30", string outputLengths = "known")
    {
        _backfill.AcceptOnlyFromAmong("on", Off);
        _eviction.AcceptOnlyFromAmong(Recompute, Restart);
        _fairness.AcceptOnlyFromAmong(NoFairness, TokenCounters);
        _costModel = new Option<string>("--cost-model")
        {
            Description = "How long an iteration takes: unit (a second, whatever it computes), llama2-7b-a100, linear:d0,d1,d2,d3 (milliseconds: d0 + d1·prefill tokens + "
                + "d2·decoding rows + d3·KV tokens held by the decoding rows before the step), or a JSON file with d0 to d3.",
            HelpName = "MODEL",
            DefaultValueFactory = _ => costModel,
        };
        _promoteAfter = new Option<string>("--promote-after")
        {
            Description = "After this wait a request goes before all others; with the unit model it is off unless it is given.",
            HelpName = "SECONDS|off",
            DefaultValueFactory = _ => promoteAfter,
        };
        _outputLengths = new Option<string>("--output-lengths")
        {
            Description = "What the scheduler is told: known (true lengths), history (nothing: it learns from completed outputs), noisy:σ (true length · e^(σz)).",
            HelpName = outputLengths.Contains(',') ? "L,L,…" : "known|history|noisy:σ",
            DefaultValueFactory = _ => outputLengths,
        };
    }

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])
            [_costModel, _kvTokens, _blockSize, _maxRunning, _maxContext, _maxStepTokens, _prefillChunk, _maxPartialPrefills, _outputLengths, _maxOutput, _backfill, _eviction, _fairness, _promoteAfter])
        {
            command.Options.Add(option);
        }
    }

    public string CostModelName(ParseResult result) => result.GetRequiredValue(_costModel);

    /// <summary>What the scheduler is told, one by one.</summary>
    /// <exception cref="WrongInput">One is not known.</exception>
    public IReadOnlyList<OutputLengths> Lengths(ParseResult result) =>
        [.. result.GetRequiredValue(_outputLengths).Split(',', StringSplitOptions.TrimEntries).Select(static text => Parse(OutputLengths.Parse, text, "--output-lengths"))];

    /// <exception cref="WrongInput">A value can't be used.</exception>
    public SimulationSettings Read(ParseResult result)
    {
        IIterationCostModel model = Parse(CostModels.Parse, result.GetRequiredValue(_costModel), "--cost-model");
        bool isUnit = model is UnitCostModel;
        long kvTokens = result.GetRequiredValue(_kvTokens);
        int block = result.GetValue(_blockSize);
        if (block > kvTokens)
        {
            throw new WrongInput($"--block-size {block} is larger than --kv-tokens {kvTokens}. Give a smaller block or more KV.");
        }

        bool isPromotionGiven = result.GetResult(_promoteAfter) is { Implicit: false };
        TimeSpan? promoteAfter = isUnit && !isPromotionGiven ? null : PromoteAfter(result.GetRequiredValue(_promoteAfter));
        bool backfill = result.GetRequiredValue(_backfill) != Off;
        TenantFairness fairness = result.GetRequiredValue(_fairness) == TokenCounters ? TenantFairness.VirtualTokenCounter : TenantFairness.None;
        int? maxPartialPrefills = result.GetValue(_maxPartialPrefills);
        int maxStepTokens = result.GetValue(_maxStepTokens) ?? (isUnit ? int.MaxValue : 2048);
        return new SimulationSettings
        {
            KvTokens = kvTokens,
            BlockTokens = block,
            CostModel = model,
            MaxRunningRequests = result.GetValue(_maxRunning) ?? (isUnit ? (int)Math.Clamp(kvTokens / 2, 1, 65_536) : 256),
            MaxContextTokens = result.GetValue(_maxContext),
            MaxStepTokens = maxStepTokens,
            PrefillChunkTokens = result.GetValue(_prefillChunk) ?? maxStepTokens,
            OutputLengths = Lengths(result)[0],
            MaxOutputTokens = result.GetValue(_maxOutput),
            Eviction = result.GetRequiredValue(_eviction) == Restart ? EvictionMode.Restart : EvictionMode.Recompute,
            AdditionalPolicies = BaselinePolicies.All,
            Configure = options =>
            {
                options.Backfill = backfill;
                options.PromoteAfter = promoteAfter;
                options.Fairness = fairness;
                options.MaxPartialPrefills = maxPartialPrefills ?? options.MaxPartialPrefills;
            },
        };
    }

    private static TimeSpan? PromoteAfter(string text)
    {
        if (text.Equals(Off, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds) && seconds is > 0 and < 1e9
            ? TimeSpan.FromSeconds(seconds)
            : throw new WrongInput($"--promote-after must be seconds above 0, or off, but is '{text}'.");
    }

    private static T Parse<T>(Func<string, T> parse, string text, string option)
    {
        try
        {
            return parse(text);
        }
        catch (FormatException error)
        {
            throw new WrongInput($"{option}: {error.Message}", error);
        }
    }
}
