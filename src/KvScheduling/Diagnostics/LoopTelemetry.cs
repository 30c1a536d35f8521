using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace KvScheduling;

/// <summary>What one loop tells the world: metrics, traces and log lines, each in one place.</summary>
internal sealed class LoopTelemetry : ISchedulerObserver, IDisposable
{
    private static readonly ActivitySource Source = new(KvSchedulingDiagnostics.ActivitySourceName);
    private static readonly TimeSpan RefusalLogInterval = TimeSpan.FromSeconds(10);

    private readonly ILogger _logger;
    private readonly string _instance;
    private readonly KvSchedulingMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly Lock _refusalGate = new();
    private long _refusalLoggedAt;
    private long _refusals;

    public LoopTelemetry(LoopIdentity identity, IMeterFactory? meters, ILogger logger, TimeProvider time, Func<PublishedState> state)
    {
        _logger = logger;
        _instance = identity.InstanceName;
        _time = time;
        _metrics = new KvSchedulingMetrics(meters, identity, state);
    }

    /// <summary>Starts a request's span, a child of whatever its caller is in; does not make it the caller's current one.</summary>
    public static Activity? Submitted(LiveRequest request, EngineDescription engine)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        Activity? current = Activity.Current;
        Activity? activity = Source.StartActivity($"{MetricNames.Operation} {engine.ModelId}", ActivityKind.Internal);
        Activity.Current = current;
        return activity?
            .SetTag(MetricNames.OperationName, MetricNames.Operation)
            .SetTag(MetricNames.ProviderName, MetricNames.Provider)
            .SetTag(MetricNames.RequestModel, engine.ModelId)
            .SetTag("gen_ai.request.max_tokens", request.MaxOutputTokens)
            .SetTag("gen_ai.request.temperature", request.Sampling.Temperature)
            .SetTag("kv_scheduling.request.id", request.Id)
            .SetTag("kv_scheduling.priority", request.Priority);
    }

    public void Started(LiveRequest request, TimeSpan queued)
    {
        _metrics.RequestStarted(queued.TotalSeconds);
        request.Activity?.AddEvent(new ActivityEvent("scheduled"));
    }

    public void Ended(LiveRequest request, in RequestEnd end, SchedulingReport report)
    {
        string? reason = end.State switch
        {
            RequestState.Rejected => end.Rejection.ToTagValue(),
            RequestState.Completed => end.FinishReason == GenerationFinishReason.Stop ? "stop" : "length",
            _ => null,
        };
        string outcome = end.State switch
        {
            RequestState.Completed => "completed",
            RequestState.Cancelled => "cancelled",
            RequestState.Rejected when end.Rejection == SchedulingRejection.DeadlineUnreachable => "expired",
            RequestState.Rejected => "rejected",
            _ => "failed",
        };
        string? errorType = end.State == RequestState.Completed ? null : reason ?? outcome;
        _metrics.RequestEnded(request.ModelId, outcome, reason, errorType, report);
        if (request.Activity is not { } activity)
        {
            return;
        }

        activity
            .SetTag("gen_ai.usage.input_tokens", report.PromptTokens)
            .SetTag("gen_ai.usage.output_tokens", report.OutputTokens)
            .SetTag("gen_ai.usage.cache_read.input_tokens", report.CachedTokens)
            .SetTag("kv_scheduling.queue_seconds", report.QueueTime.TotalSeconds)
            .SetTag("gen_ai.response.time_to_first_chunk", report.TimeToFirstToken?.TotalSeconds)
            .SetTag("kv_scheduling.evictions", report.Evictions);
        if (errorType is null)
        {
            activity.SetTag("gen_ai.response.finish_reasons", new[] { reason });
        }
        else
        {
            activity.SetTag(MetricNames.ErrorType, errorType).SetStatus(ActivityStatusCode.Error);
        }

        activity.Dispose();
    }

    /// <summary>A request was refused at the door; told at most every ten seconds.</summary>
    public void Refused(SchedulingRejection reason)
    {
        _metrics.RequestRefused(reason.ToTagValue());
        long count;
        lock (_refusalGate)
        {
            _refusals++;
            if (_refusalLoggedAt != 0 && _time.GetElapsedTime(_refusalLoggedAt) < RefusalLogInterval)
            {
                return;
            }

            count = _refusals;
            _refusals = 0;
            _refusalLoggedAt = _time.GetTimestamp();
        }

        _logger.Refused(_instance, count, reason);
    }

    public void StepRan(TimeSpan duration, int batchSize, long prefillTokens, long decodeTokens) =>
        _metrics.StepRan(duration.TotalSeconds, batchSize, prefillTokens, decodeTokens);

    public void EngineReady(EngineDescription engine, long kvBudget, string policy) =>
        _logger.EngineReady(_instance, engine.EngineName, engine.ModelId, kvBudget, engine.BlockTokens, policy);

    public void EngineNotBuilt(Exception error)
    {
        _metrics.EngineFaulted("not_built");
        _logger.EngineNotBuilt(error, _instance);
    }

    public void EngineLost(Exception error)
    {
        _metrics.EngineFaulted("lost");
        _logger.EngineLost(error, _instance);
    }

    public void EngineRestarted() => _logger.EngineRestarted(_instance);

    public void EngineHung(TimeSpan limit)
    {
        _metrics.EngineFaulted("hung");
        _logger.EngineHung(_instance, limit);
    }

    public void EngineNotDisposed(Exception error) => _logger.EngineNotDisposed(error, _instance);

    public void StepFailed(Exception error)
    {
        _metrics.EngineFaulted("step");
        _logger.StepFailed(error, _instance);
    }

    public void LoopFaulted(Exception error)
    {
        _metrics.EngineFaulted("scheduler");
        _logger.LoopFaulted(error, _instance);
    }

    public void DecisionLogOpened(DecisionLogWriter log) => _metrics.ObserveDecisionLog(() => log.Lost);

    public void DecisionLogIncomplete(string reason, Exception? error) => _logger.DecisionLogIncomplete(error, _instance, reason);

    public void OnDecision(SchedulableRequest request, DecisionReason reason, TimeSpan now)
    {
        _metrics.Decided(reason);
        if (_logger.IsEnabled(LogLevel.Debug))
        {
            _logger.Decision(_instance, ((LiveRequest)request).Id, reason, request.PromptTokens, request.GeneratedTokens, request.EstimatedOutputTokens, request.MaxOutputTokens);
        }

        if (reason is DecisionReason.EvictedForKv or DecisionReason.EvictedByFault)
        {
            ((LiveRequest)request).Activity?.AddEvent(new ActivityEvent("evicted"));
        }
    }

    public void OnRegime(SchedulingRegime before, SchedulingRegime after, int waiting, int running, TimeSpan now)
    {
        _metrics.RegimeSwitched(after);
        _logger.RegimeSwitched(_instance, before, after, waiting, running);
    }

    public void Dispose() => _metrics.Dispose();
}
