namespace KvScheduling.Simulation;

/// <summary>A schedule of a backlog in unit rounds: when each request starts, and what follows from that.</summary>
/// <remarks>
/// A request of prompt s and output o that starts at round k holds s + (t - k) tokens in the rounds t = k + 1 … k + o and completes at k + o. All requests are
/// there at round 0, so that completions are latencies. Source of the model: MC-SF, arXiv 2502.07115.
/// Where requests were evicted, the runs that they lost are not part of it: the start is that of the run that completed.
/// </remarks>
public sealed class BacklogSchedule
{
    private readonly int[] _starts;
    private readonly long[] _latencies;

    /// <param name="policy">What made it.</param>
    /// <param name="requests">The requests.</param>
    /// <param name="starts">When each started for the last time.</param>
    /// <param name="evictions">How often requests lost a run.</param>
    /// <param name="peakKvTokens">The most KV tokens held, lost runs included; null where the starts say it.</param>
    internal BacklogSchedule(string policy, IReadOnlyList<WorkloadRequest> requests, int[] starts, long evictions = 0, long? peakKvTokens = null)
    {
        Policy = policy;
        Evictions = evictions;
        _starts = starts;
        _latencies = new long[starts.Length];
        for (int i = 0; i < starts.Length; i++)
        {
            _latencies[i] = (long)starts[i] + requests[i].OutputTokens;
            TotalLatency += _latencies[i];
        }

        Array.Sort(_latencies);
        PeakKvTokens = peakKvTokens ?? Peak(requests, starts);
    }

    /// <summary>What made it.</summary>
    public string Policy { get; }

    /// <summary>The start round of each request, in input order.</summary>
    public IReadOnlyList<int> Starts => _starts;

    /// <summary>TEL: the sum of all completion rounds.</summary>
    public long TotalLatency { get; }

    /// <summary>The mean completion round.</summary>
    public double MeanLatency => _latencies.Length == 0 ? 0 : (double)TotalLatency / _latencies.Length;

    /// <summary>The round in which the last request completes.</summary>
    public long Makespan => _latencies.Length == 0 ? 0 : _latencies[^1];

    /// <summary>How often requests were evicted and began again: 0 unless lengths were known by intervals only.</summary>
    public long Evictions { get; }

    /// <summary>The most KV tokens held in any round.</summary>
    public long PeakKvTokens { get; }

    /// <summary>A quantile of the completion rounds by nearest rank: the least that at least this share of them does not exceed.</summary>
    /// <param name="share">From 0 to 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="share"/> is not from 0 to 1.</exception>
    public long Quantile(double share)
    {
        if (!(share is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(share), share, "A quantile's share must be from 0 to 1.");
        }

        return _latencies.Length == 0 ? 0 : _latencies[Math.Clamp((int)Math.Ceiling(share * _latencies.Length), 1, _latencies.Length) - 1];
    }

    /// <summary>What is held grows between completions, so that only the rounds of completions can be peaks.</summary>
    private static long Peak(IReadOnlyList<WorkloadRequest> requests, int[] starts)
    {
        int[] byStart = [.. Enumerable.Range(0, starts.Length).OrderBy(i => starts[i])];
        int[] byEnd = [.. Enumerable.Range(0, starts.Length).OrderBy(i => starts[i] + (long)requests[i].OutputTokens)];
        long peak = 0;
        long bases = 0;
        int begun = 0;
        for (int done = 0; done < byEnd.Length;)
        {
            long round = starts[byEnd[done]] + (long)requests[byEnd[done]].OutputTokens;
            for (; begun < byStart.Length && starts[byStart[begun]] < round; begun++)
            {
                bases += requests[byStart[begun]].PromptTokens - starts[byStart[begun]];
            }

            peak = Math.Max(peak, bases + ((begun - done) * round));
            for (; done < byEnd.Length && starts[byEnd[done]] + (long)requests[byEnd[done]].OutputTokens == round; done++)
            {
                bases -= requests[byEnd[done]].PromptTokens - starts[byEnd[done]];
            }
        }

        return peak;
    }
}
