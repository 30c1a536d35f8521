using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary>What a policy made of a case.</summary>
internal sealed class RivalFigures
{
    /// <summary>A first token that comes later counts for nothing in goodput.</summary>
    private static readonly TimeSpan PromisedFirstToken = TimeSpan.FromSeconds(10);

    private RivalFigures(RivalCase rivalCase, string policy, SimulationResult result)
    {
        Case = rivalCase;
        Policy = policy;
        Result = result;
    }

    public RivalCase Case { get; }

    public string Policy { get; }

    public SimulationResult Result { get; }

    /// <summary>TTFT of the requests that count.</summary>
    public TimeDistribution FirstToken { get; } = new();

    /// <summary>Latency of the requests that count.</summary>
    public TimeDistribution Latency { get; } = new();

    /// <summary>Requests that count and were refused, failed or were given up.</summary>
    public long NotServed { get; private set; }

    /// <summary>The share of the requests that count whose first token came within 10 seconds.</summary>
    public double Served { get; private set; }

    /// <summary>Replays a case with a policy.</summary>
    public static RivalFigures Run(RivalCase rivalCase, string policy, int seed, CancellationToken cancellationToken = default)
    {
        WorkloadRequest[] requests = rivalCase.Requests(seed);
        SimulationResult result = Simulator.Run(policy, requests, rivalCase.SettingsFor(policy), null, cancellationToken);
        var figures = new RivalFigures(rivalCase, policy, result);
        int counted = 0;
        int inTime = 0;
        for (int i = 0; i < requests.Length; i++)
        {
            if (!rivalCase.Counts(requests[i]))
            {
                continue;
            }

            counted++;
            if (result.Requests[i] is RequestTimes times)
            {
                figures.FirstToken.Add(times.TimeToFirstToken);
                figures.Latency.Add(times.Latency);
                inTime += times.TimeToFirstToken <= PromisedFirstToken ? 1 : 0;
            }
            else
            {
                figures.NotServed++;
            }
        }

        figures.Served = counted > 0 ? (double)inTime / counted : 0;
        return figures;
    }
}
