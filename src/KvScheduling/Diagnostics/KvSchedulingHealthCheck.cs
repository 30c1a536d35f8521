using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace KvScheduling;

/// <summary>Whether a scheduler can serve: from its published state, without waiting for its loop.</summary>
internal sealed class KvSchedulingHealthCheck(KvScheduler scheduler, double degradedAbove, TimeProvider time) : IHealthCheck
{
    private long _progressAt = time.GetTimestamp();
    private long _steps;

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        SchedulerSnapshot snapshot = scheduler.GetSnapshot();
        var data = new Dictionary<string, object>
        {
            ["status"] = snapshot.Status.ToString(),
            ["policy"] = snapshot.Policy,
            ["waiting_requests"] = snapshot.WaitingRequests,
            ["running_requests"] = snapshot.RunningRequests,
            ["kv_used_tokens"] = snapshot.KvUsedTokens,
            ["kv_budget_tokens"] = snapshot.KvBudgetTokens,
            ["evictions"] = snapshot.Evictions,
            ["tokens_per_second"] = snapshot.TokensPerSecond,
        };
        (HealthStatus status, string text) = Judge(snapshot);
        return Task.FromResult(new HealthCheckResult(status == HealthStatus.Unhealthy ? context.Registration.FailureStatus : status, text, data: data));
    }

    private (HealthStatus Status, string Text) Judge(SchedulerSnapshot snapshot)
    {
        switch (snapshot.Status)
        {
            case SchedulerStatus.Faulted:
                return (HealthStatus.Unhealthy, "The engine failed and could not be brought back.");
            case SchedulerStatus.Starting:
                return (HealthStatus.Unhealthy, "The engine is being built.");
            case SchedulerStatus.Draining or SchedulerStatus.Stopped:
                return (HealthStatus.Unhealthy, "The scheduler is shutting down.");
            case SchedulerStatus.Recovering:
                return (HealthStatus.Degraded, "The engine failed and is being built again.");
            default:
                break;
        }

        if (snapshot.Steps != _steps || snapshot.WaitingRequests + snapshot.RunningRequests == 0)
        {
            _steps = snapshot.Steps;
            _progressAt = time.GetTimestamp();
        }

        TimeSpan stalled = time.GetElapsedTime(_progressAt);
        if (stalled > scheduler.Loop.Options.StallTimeout / 2)
        {
            return (HealthStatus.Degraded, $"No step has ended for {stalled.TotalSeconds:F0} s although requests wait.");
        }

        int places = scheduler.Loop.Door.MaxRequests;
        return scheduler.Loop.Door.Requests > places * degradedAbove
            ? (HealthStatus.Degraded, $"{scheduler.Loop.Door.Requests} of {places} places in the line are taken.")
            : (HealthStatus.Healthy, "Ready.");
    }
}
