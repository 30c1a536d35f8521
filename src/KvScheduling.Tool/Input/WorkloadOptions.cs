using System.CommandLine;
using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary>The options that say which requests come, and when.</summary>
internal sealed class WorkloadOptions
{
    /// <summary>What is kept in memory takes up to 25 MiB.</summary>
    private const int MostKept = 200_000;

    private readonly Option<string?> _trace = new("--trace")
    {
        Description = "A trace: Azure CSV (TIMESTAMP,ContextTokens,GeneratedTokens), Vidur CSV (arrived_at,num_prefill_tokens,num_decode_tokens) or Mooncake .jsonl.",
        HelpName = "F",
    };

    private readonly Option<string?> _requests = new("--requests")
    {
        Description = "A CSV file with the columns arrival_seconds, prompt_tokens and output_tokens, sorted by arrival; tenant, priority and deadline_seconds may stand beside.",
        HelpName = "F.csv",
    };

    private readonly Option<string?> _mix = new("--workload")
    {
        Description = $"A synthetic workload: {string.Join(", ", RequestMixes.All.Select(static mix => mix.Name))}.",
        HelpName = "MIX",
    };

    private readonly Option<double?> _rate = Options.AboveZero("--rate", "Requests per second of a synthetic workload; without it all are there at the beginning.", "λ");

    private readonly Option<long> _count = Options.AtLeast(
        new Option<long>("--count") { Description = "Requests of a synthetic workload.", HelpName = "N", DefaultValueFactory = static _ => 1000 }, 1);

    private readonly Option<string> _arrivals = new("--arrivals")
    {
        Description = "The arrivals of a synthetic workload: poisson, gamma:VARIATION (bursts above 1) or tidal:AMPLITUDE,PERIOD.",
        HelpName = "PROCESS",
        DefaultValueFactory = static _ => "poisson",
    };

    private readonly Option<long?> _first = Options.AtLeast(new Option<long?>("--first") { Description = "Only the first N requests.", HelpName = "N" }, 1);

    private readonly Option<string?> _load = new("--load")
    {
        Description = "Stretches or compresses arrivals so that the load on the engine is this; several loads, separated by commas, are replayed one by one.",
        HelpName = "X,X,…",
    };

    private readonly Option<double?> _rateScale = Options.AboveZero("--rate-scale", "Multiplies the rate of arrivals.", "R");

    private readonly Option<bool> _skip = new("--skip-oversized")
    {
        Description = "Leaves out requests that can never fit the KV budget or the context, instead of ending with an error.",
    };

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_trace, _requests, _mix, _rate, _count, _arrivals, _first, _load, _rateScale, _skip])
        {
            command.Options.Add(option);
        }
    }

    /// <summary>The workload at the rate that it has, or at <c>--rate-scale</c>.</summary>
    /// <exception cref="WrongInput">The options contradict each other, or the workload is empty.</exception>
    /// <exception cref="WorkloadException">The file can't be used.</exception>
    public Workload Read(ParseResult result, SimulationSettings settings, int seed, CancellationToken cancellationToken)
    {
        (string name, IEnumerable<WorkloadRequest> requests) = Source(result, seed);
        if (result.GetValue(_first) is long first)
        {
            requests = requests.Take((int)Math.Min(first, int.MaxValue));
        }

        requests = KeptIfFew(requests);
        long skipped = 0;
        if (result.GetValue(_skip))
        {
            long largest = Math.Min(settings.KvTokens / settings.BlockTokens * settings.BlockTokens, settings.MaxContextTokens ?? long.MaxValue);
            int longest = settings.MaxOutputTokens ?? int.MaxValue;
            IEnumerable<WorkloadRequest> source = requests;
            requests = source.Where(request => (long)request.PromptTokens + Math.Min(request.OutputTokens, longest) <= largest);
            skipped = source.LongCount() - requests.LongCount();
        }

        WorkloadTotals totals = WorkloadTotals.Of(requests, cancellationToken);
        if (totals.Count == 0)
        {
            throw new WrongInput($"{name} has no requests that could be replayed. Add a row per request, or raise the KV budget.");
        }

        return new Workload(name, requests, totals, skipped).AtRate(result.GetValue(_rateScale) ?? 1);
    }

    /// <summary>The loads asked for; none when the rate is to stay.</summary>
    /// <exception cref="WrongInput">A load is no number above 0, or the rate is given too.</exception>
    public IReadOnlyList<double> Loads(ParseResult result)
    {
        string? text = result.GetValue(_load);
        if (text is null)
        {
            return [];
        }

        return result.GetValue(_rateScale) is null
            ? Options.NumbersAboveZero(text, "--load")
            : throw new WrongInput("--load and --rate-scale both set the rate of arrivals. Give one of them.");
    }

    /// <summary>Reads what is few into memory, so that it is read once however often it is replayed; what is many is read again each time.</summary>
    private static IEnumerable<WorkloadRequest> KeptIfFew(IEnumerable<WorkloadRequest> source)
    {
        var kept = new List<WorkloadRequest>();
        foreach (WorkloadRequest request in source)
        {
            if (kept.Count == MostKept)
            {
                return source;
            }

            kept.Add(request);
        }

        return kept;
    }

    private (string Name, IEnumerable<WorkloadRequest> Requests) Source(ParseResult result, int seed)
    {
        string? trace = result.GetValue(_trace);
        string? file = result.GetValue(_requests);
        string? mix = result.GetValue(_mix);
        if (new[] { trace, file, mix }.Count(static given => given is not null) != 1)
        {
            throw new WrongInput("Give one of --trace F, --requests F.csv and --workload MIX.");
        }

        if (mix is null)
        {
            return (Path.GetFileName(trace ?? file!), WorkloadFile.Read(trace ?? file!));
        }

        try
        {
            double? rate = result.GetValue(_rate);
            ArrivalProcess arrivals = rate is null ? ArrivalProcess.AtOnce : ArrivalProcess.Parse(result.GetRequiredValue(_arrivals), rate.Value);
            return (mix, SyntheticWorkload.Draw(RequestMixes.Get(mix), arrivals, result.GetValue(_count), seed));
        }
        catch (Exception error) when (error is ArgumentException or FormatException)
        {
            throw new WrongInput(error.Message, error);
        }
    }
}
