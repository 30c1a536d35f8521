using KvScheduling.Baselines;
using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary>Drains a backlog with any policy of <see cref="KnownPolicies.Backlogs"/>.</summary>
internal static class BacklogRun
{
    /// <exception cref="WrongInput">Backfill is asked for where the policy has none.</exception>
    /// <exception cref="WorkloadException">The backlog can't be drained by this policy.</exception>
    public static BacklogSchedule Drain(PolicyChoice choice, WorkloadRequest[] requests, long kvTokens, CancellationToken cancellationToken)
    {
        if (!IntervalPolicies.All.TryGetValue(choice.Policy, out Func<PolicyContext, ISchedulingPolicy>? create))
        {
            return Backlog.Drain(choice.Policy, requests, kvTokens, choice.Backfill ?? false, cancellationToken);
        }

        return choice.Backfill is null
            ? Backlog.DrainByIntervals(choice.Policy, create, requests, kvTokens, cancellationToken)
            : throw new WrongInput($"--policies: '{choice.Policy}' starts requests by a rule of its own and knows neither {PolicyChoice.Easy} nor {PolicyChoice.Strict}. Leave the ending out.");
    }
}
