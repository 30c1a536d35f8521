using System.Text.Json;

namespace KvScheduling.Simulation;

/// <summary>What a decision log says about requests, evictions and KV. Requests are numbered in the order of their arrival, from 0.</summary>
public sealed class RecordedRun
{
    private readonly List<long> _completions = [];
    private readonly List<RecordedEviction> _evictions = [];
    private readonly List<long> _kvTokens = [];
    private readonly List<TimeSpan> _arrivals = [];
    private readonly List<TimeSpan> _stepEnds = [];
    private readonly Dictionary<long, TimeSpan> _ends = [];

    internal RecordedRun()
    {
    }

    /// <summary>Requests in the order of their completion.</summary>
    public IReadOnlyList<long> Completions => _completions;

    /// <summary>Evictions in order.</summary>
    public IReadOnlyList<RecordedEviction> Evictions => _evictions;

    /// <summary>The KV tokens charged in each step, in whole blocks.</summary>
    public IReadOnlyList<long> KvTokens => _kvTokens;

    /// <summary>When each step ended.</summary>
    public IReadOnlyList<TimeSpan> StepEnds => _stepEnds;

    /// <summary>How often a request was held back to start together with others.</summary>
    public long Held { get; private set; }

    /// <summary>When it completed; <see langword="null"/> when it did not.</summary>
    /// <param name="request">The request.</param>
    public TimeSpan? EndOf(long request) => _ends.TryGetValue(request, out TimeSpan end) ? end : null;

    /// <summary>From its arrival to its completion; <see langword="null"/> when it did not complete.</summary>
    /// <param name="request">The request.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such request.</exception>
    public TimeSpan? LatencyOf(long request)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(request);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(request, _arrivals.Count);
        return _ends.TryGetValue(request, out TimeSpan end) ? end - _arrivals[(int)request] : null;
    }

    internal void Add(JsonElement record)
    {
        if (!record.TryGetProperty(DecisionLogFormat.At, out JsonElement at))
        {
            return;
        }

        TimeSpan now = TimeSpan.FromTicks(at.GetInt64());
        switch (record.GetProperty(DecisionLogFormat.Do).GetString())
        {
            case DecisionLogFormat.Arrive:
                _arrivals.Add(now);
                break;
            case DecisionLogFormat.Plan when record.TryGetProperty(DecisionLogFormat.Items, out _):
                _kvTokens.Add(record.GetProperty(DecisionLogFormat.Kv).GetInt64());
                break;
            case DecisionLogFormat.Step:
                _stepEnds.Add(now);
                break;
            default:
                break;
        }

        if (record.TryGetProperty(DecisionLogFormat.Decided, out JsonElement decided))
        {
            foreach (JsonElement decision in decided.EnumerateArray())
            {
                Add(decision[0].GetInt64(), Enum.Parse<DecisionReason>(decision[1].GetString()!), now);
            }
        }
    }

    private void Add(long request, DecisionReason reason, TimeSpan now)
    {
        switch (reason)
        {
            case DecisionReason.Completed:
                _completions.Add(request);
                _ends[request] = now;
                break;
            case DecisionReason.EvictedForKv or DecisionReason.EvictedByFault:
                _evictions.Add(new RecordedEviction(_stepEnds.Count, request));
                break;
            case DecisionReason.WaitsForCohort:
                Held++;
                break;
            default:
                break;
        }
    }
}

/// <summary>An eviction.</summary>
/// <param name="Steps">How many steps had run.</param>
/// <param name="Request">Who was evicted.</param>
public readonly record struct RecordedEviction(long Steps, long Request);
