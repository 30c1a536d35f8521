using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace KvScheduling;

/// <summary>One loop's instruments. Gauges read the published state and never wait for the loop.</summary>
internal sealed class KvSchedulingMetrics : IDisposable
{
    private static readonly InstrumentAdvice<double> DurationBuckets =
        new() { HistogramBucketBoundaries = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92] };

    private static readonly InstrumentAdvice<double> FirstTokenBuckets =
        new() { HistogramBucketBoundaries = [.001, .005, .01, .02, .04, .06, .08, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10] };

    private static readonly InstrumentAdvice<double> PerTokenBuckets =
        new() { HistogramBucketBoundaries = [.01, .025, .05, .075, .1, .15, .2, .3, .4, .5, .75, 1, 2.5] };

    private static readonly InstrumentAdvice<double> StepBuckets =
        new() { HistogramBucketBoundaries = [.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5] };

    private static readonly InstrumentAdvice<int> BatchBuckets =
        new() { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024] };

    private readonly Meter _meter;
    private readonly bool _ownsMeter;
    private readonly KeyValuePair<string, object?> _instance;
    private readonly Histogram<double> _requestDuration;
    private readonly Histogram<double> _timeToFirstToken;
    private readonly Histogram<double> _timePerOutputToken;
    private readonly Histogram<double> _queueDuration;
    private readonly Histogram<double> _stepDuration;
    private readonly Histogram<int> _stepBatchSize;
    private readonly Counter<long> _requests;
    private readonly Counter<long> _stepTokens;
    private readonly Counter<long> _decisions;
    private readonly Counter<long> _regimeSwitches;
    private readonly Counter<long> _engineFaults;

    public KvSchedulingMetrics(IMeterFactory? factory, LoopIdentity identity, Func<PublishedState> state)
    {
        _ownsMeter = factory is null;
        _meter = factory is null ? new Meter(KvSchedulingDiagnostics.MeterName) : factory.Create(KvSchedulingDiagnostics.MeterName);
        _instance = new(MetricNames.Instance, identity.InstanceName);
        _requestDuration = _meter.CreateHistogram(MetricNames.RequestDuration, "s", "Time to the last token.", advice: DurationBuckets);
        _timeToFirstToken = _meter.CreateHistogram(MetricNames.TimeToFirstToken, "s", "Queue and prefill.", advice: FirstTokenBuckets);
        _timePerOutputToken = _meter.CreateHistogram(MetricNames.TimePerOutputToken, "s", "(Duration - TTFT) / (output tokens - 1).", advice: PerTokenBuckets);
        _queueDuration = _meter.CreateHistogram(MetricNames.QueueDuration, "s", "From submission to the first start.", advice: DurationBuckets);
        _stepDuration = _meter.CreateHistogram(MetricNames.StepDuration, "s", "One step of the engine, starts and removals included.", advice: StepBuckets);
        _stepBatchSize = _meter.CreateHistogram(MetricNames.StepBatchSize, "{request}", "Requests that advanced in a step.", advice: BatchBuckets);
        _requests = _meter.CreateCounter<long>(MetricNames.Requests, "{request}", "Requests that ended, by outcome and reason.");
        _stepTokens = _meter.CreateCounter<long>(MetricNames.StepTokens, "{token}", "Tokens computed, by phase.");
        _decisions = _meter.CreateCounter<long>(MetricNames.Decisions, "{decision}", "Decisions of the scheduler, by reason.");
        _regimeSwitches = _meter.CreateCounter<long>(MetricNames.RegimeSwitches, "{switch}", "Changes of an adapting policy, by the regime it goes to.");
        _engineFaults = _meter.CreateCounter<long>(MetricNames.EngineFaults, "{fault}", "Faults of the engine, by kind.");
        ObserveState(state);
    }

    public void RequestStarted(double queueSeconds) => _queueDuration.Record(queueSeconds, _instance);

    public void RequestEnded(string model, string outcome, string? reason, string? errorType, SchedulingReport report)
    {
        if (_requests.Enabled)
        {
            _requests.Add(1, new TagList { _instance, new(MetricNames.Outcome, outcome), new(MetricNames.Reason, reason ?? "none") });
        }

        if (!_requestDuration.Enabled && !_timeToFirstToken.Enabled && !_timePerOutputToken.Enabled)
        {
            return;
        }

        var tags = new TagList
        {
            new(MetricNames.OperationName, MetricNames.Operation),
            new(MetricNames.ProviderName, MetricNames.Provider),
            new(MetricNames.RequestModel, model),
            _instance,
        };
        if (errorType is null)
        {
            if (report.TimeToFirstToken is { } first)
            {
                _timeToFirstToken.Record(first.TotalSeconds, tags);
            }

            if (report.TimePerOutputToken is { } perToken)
            {
                _timePerOutputToken.Record(perToken.TotalSeconds, tags);
            }
        }
        else
        {
            tags.Add(MetricNames.ErrorType, errorType);
        }

        _requestDuration.Record(report.Latency.TotalSeconds, tags);
    }

    public void RequestRefused(string reason) =>
        _requests.Add(1, _instance, new(MetricNames.Outcome, "rejected"), new(MetricNames.Reason, reason));

    public void StepRan(double seconds, int batchSize, long prefillTokens, long decodeTokens)
    {
        _stepDuration.Record(seconds, _instance);
        _stepBatchSize.Record(batchSize, _instance);
        if (_stepTokens.Enabled)
        {
            _stepTokens.Add(prefillTokens, _instance, new(MetricNames.Phase, "prefill"));
            _stepTokens.Add(decodeTokens, _instance, new(MetricNames.Phase, "decode"));
        }
    }

    public void Decided(DecisionReason reason)
    {
        if (_decisions.Enabled)
        {
            _decisions.Add(1, _instance, new(MetricNames.Reason, reason.ToTagValue()));
        }
    }

    public void RegimeSwitched(SchedulingRegime regime) => _regimeSwitches.Add(1, _instance, new(MetricNames.Regime, regime.ToTagValue()));

    public void EngineFaulted(string kind) => _engineFaults.Add(1, _instance, new(MetricNames.FaultKind, kind));

    /// <summary>A decision log is written, which counts what it could not hold.</summary>
    public void ObserveDecisionLog(Func<long> lost) => _meter.CreateObservableCounter(
        MetricNames.LostLogRecords, () => new Measurement<long>(lost(), _instance), "{record}", "Records that are missing in the decision log.");

    public void Dispose()
    {
        if (_ownsMeter)
        {
            _meter.Dispose();
        }
    }

    private void ObserveState(Func<PublishedState> state)
    {
        Measurement<long> Long(long value) => new(value, _instance);
        _meter.CreateObservableUpDownCounter(MetricNames.RequestsRunning, () => Long(state().RunningRequests), "{request}", "Requests that hold KV.");
        _meter.CreateObservableUpDownCounter(MetricNames.RequestsWaiting, () => Long(state().WaitingRequests), "{request}", "Requests in the line.");
        _meter.CreateObservableUpDownCounter(MetricNames.TokensWaiting, () => Long(state().WaitingTokens), "{token}", "Tokens to compute of requests in the line.");
        _meter.CreateObservableGauge(MetricNames.KvTokensUsed, () => Long(state().KvUsedTokens), "{token}", "KV of running requests, whole blocks.");
        _meter.CreateObservableGauge(MetricNames.KvTokensReserved, () => Long(state().KvReservedTokens), "{token}", "Forward peak of running requests.");
        _meter.CreateObservableGauge(MetricNames.KvTokensParked, () => Long(state().KvParkedTokens), "{token}", "KV kept for reuse, free on demand.");
        _meter.CreateObservableGauge(MetricNames.KvTokensCapacity, () => Long(state().KvBudgetTokens), "{token}", "The KV budget.");
        _meter.CreateObservableGauge(
            MetricNames.KvUtilization,
            () => new Measurement<double>(state() is { KvBudgetTokens: > 0 } s ? (double)s.KvUsedTokens / s.KvBudgetTokens : 0, _instance),
            "1",
            "KV in use over the budget.");
        _meter.CreateObservableCounter(MetricNames.Evictions, () => Long(state().Counters.Evictions), "{eviction}", "Running requests whose KV was taken away.");
        _meter.CreateObservableCounter(MetricNames.RecomputedTokens, () => Long(state().Counters.RecomputedTokens), "{token}", "Tokens computed again.");
        _meter.CreateObservableCounter(MetricNames.PrefixQueryTokens, () => Long(state().Counters.PrefixQueryTokens), "{token}", "Prompt tokens looked up for reuse.");
        _meter.CreateObservableCounter(MetricNames.PrefixHitTokens, () => Long(state().Counters.CachedTokens), "{token}", "Prompt tokens whose KV was reused.");
    }
}
