namespace KvScheduling.Simulation;

/// <summary>Collects what a run measures; its memory does not grow with the workload unless every request is kept.</summary>
internal sealed class RunMeasures(long budgetBlocks, SimulationSettings settings)
{
    private readonly TimeDistribution _latency = new();
    private readonly TimeDistribution _timeToFirstToken = new();
    private readonly TimeDistribution _timePerOutputToken = new();
    private readonly TimeDistribution _queueTime = new();
    private readonly TimeSeries _kvShare = new();
    private readonly TimeSeries _waiting = new();
    private readonly TimeSeries _running = new();
    private readonly List<RequestTimes?> _requests = [];
    private readonly List<TimeSpan> _evictionTimes = [];
    private TimeSpan _lastCompletion;
    private long _withinServiceLevel;
    private long _refused;
    private long _evictions;
    private long _peakBlocks;

    public long Completed => _latency.Count;

    public void OnCompleted(SimulatedRequest request, TimeSpan now)
    {
        RequestTimes times = request.Times(now);
        _latency.Add(times.Latency);
        _timeToFirstToken.Add(times.TimeToFirstToken);
        _queueTime.Add(times.QueueTime);
        if (times.TimePerOutputToken is TimeSpan perToken)
        {
            _timePerOutputToken.Add(perToken);
        }

        _lastCompletion = now;
        _withinServiceLevel += settings.ServiceLevel?.IsMetBy(times) == true ? 1 : 0;
        if (settings.KeepRequests)
        {
            Keep(request.Index, times);
        }
    }

    public void OnNotCompleted(SimulatedRequest request, RequestState end)
    {
        _refused += end == RequestState.Rejected ? 1 : 0;
        if (settings.KeepRequests)
        {
            Keep(request.Index, null);
        }
    }

    public void OnStep(long usedBlocks, int waiting, int running, TimeSpan until)
    {
        _kvShare.Extend((double)usedBlocks / budgetBlocks, until);
        _waiting.Extend(waiting, until);
        _running.Extend(running, until);
    }

    public void OnStepDone(long usedBlocks) => _peakBlocks = Math.Max(_peakBlocks, usedBlocks);

    public void OnEvictions(long total, TimeSpan now)
    {
        for (; _evictions < total; _evictions++)
        {
            if (_evictionTimes.Count < SimulationResult.MaxEvictionTimes)
            {
                _evictionTimes.Add(now);
            }
        }
    }

    public SimulationResult Result(SchedulerCore core)
    {
        SchedulerCounters counters = core.Counters;
        long computed = counters.PrefillTokens + counters.DecodeTokens;
        double seconds = _lastCompletion.TotalSeconds;
        return new SimulationResult
        {
            Policy = core.PolicyName,
            Latency = _latency,
            TimeToFirstToken = _timeToFirstToken,
            TimePerOutputToken = _timePerOutputToken,
            QueueTime = _queueTime,
            Makespan = _lastCompletion,
            Steps = counters.Steps,
            Completions = counters.Completed,
            Refused = _refused,
            Failed = counters.Failed,
            Cancelled = counters.Cancelled,
            Evictions = counters.Evictions,
            RecomputedShare = computed > 0 ? (double)counters.RecomputedTokens / computed : 0,
            OutputTokens = counters.OutputTokens,
            RequestsPerSecond = seconds > 0 ? counters.Completed / seconds : 0,
            OutputTokensPerSecond = seconds > 0 ? counters.OutputTokens / seconds : 0,
            Goodput = settings.ServiceLevel is null ? null : seconds > 0 ? _withinServiceLevel / seconds : 0,
            KvShare = _kvShare,
            PeakKvBlocks = _peakBlocks,
            Waiting = _waiting,
            Running = _running,
            EvictionTimes = _evictionTimes,
            Requests = _requests,
        };
    }

    private void Keep(long index, RequestTimes? times)
    {
        while (_requests.Count <= index)
        {
            _requests.Add(null);
        }

        _requests[(int)index] = times;
    }
}
