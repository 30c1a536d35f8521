using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace KvScheduling;

/// <summary>Adds the scheduler's health check.</summary>
public static class KvSchedulingHealthChecksBuilderExtensions
{
    /// <summary>Adds a check of a scheduler: unhealthy while its engine is built, lost or drained; degraded while it recovers, makes no progress or its line is nearly full.</summary>
    /// <param name="builder">The health checks.</param>
    /// <param name="name">The check's name. The default value is <c>kv_scheduling</c>.</param>
    /// <param name="schedulerName">The scheduler's name; empty for the default one.</param>
    /// <param name="degradedAboveQueueShare">The share of taken places above which the line counts as nearly full, from 0 to 1. The default value is 0.9.</param>
    /// <param name="failureStatus">What to report instead of unhealthy.</param>
    /// <param name="tags">Tags to filter checks by.</param>
    /// <returns>The health checks.</returns>
    public static IHealthChecksBuilder AddKvScheduling(
        this IHealthChecksBuilder builder,
        string name = "kv_scheduling",
        string schedulerName = "",
        double degradedAboveQueueShare = 0.9,
        HealthStatus? failureStatus = null,
        IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentOutOfRangeException.ThrowIfLessThan(degradedAboveQueueShare, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(degradedAboveQueueShare, 1);
        KvSchedulingHealthCheck? check = null;
        return builder.Add(new HealthCheckRegistration(
            name,
            provider => check ??= new KvSchedulingHealthCheck(
                provider.GetRequiredKeyedService<KvScheduler>(schedulerName), degradedAboveQueueShare, provider.GetRequiredService<TimeProvider>()),
            failureStatus,
            tags));
    }
}
