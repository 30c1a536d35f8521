using System.Collections.Frozen;

namespace KvScheduling;

/// <summary>The policies that options can name: the built-in ones, and those an application added.</summary>
internal static class PolicyCatalog
{
    private static readonly FrozenDictionary<string, Func<PolicyContext, ISchedulingPolicy>> BuiltIn = new Dictionary<string, Func<PolicyContext, ISchedulingPolicy>>
    {
        [SchedulingPolicies.Fcfs] = static _ => new FcfsPolicy(),
        [SchedulingPolicies.ShortestOutputFirst] = static _ => new ShortestOutputFirstPolicy(),
        [SchedulingPolicies.SmallestPeakFirst] = static _ => new SmallestPeakFirstPolicy(),
        [SchedulingPolicies.SmallestVolumeFirst] = static _ => new SmallestVolumeFirstPolicy(),
        [SchedulingPolicies.EarliestDeadline] = static _ => new EarliestDeadlinePolicy(),
        [SchedulingPolicies.SortedF] = static context => new SortedFPolicy(context),
        [SchedulingPolicies.SortedFExact] = SortedFVariants.Exact,
        [SchedulingPolicies.SortedFGreedy] = SortedFVariants.Greedy,
        [SchedulingPolicies.SortedFQuantile] = SortedFVariants.Quantile,
        [SchedulingPolicies.SortedFSwap] = SortedFVariants.Swap,
        [SchedulingPolicies.Adaptive] = static context => new AdaptiveLine(new AdaptiveGate(context), context),
        [SchedulingPolicies.Wait] = static context => context.Options.Wait.PaperExact ? PaperExactPolicy.Wait(context) : new CohortLine(new WaitGate(context)),
        [SchedulingPolicies.NestedWait] = static context =>
            context.Options.NestedWait.PaperExact ? PaperExactPolicy.NestedWait(context) : new CohortLine(new NestedWaitGate(context)),
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>The names of the built-in policies, in alphabetical order.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. BuiltIn.Keys.Order(StringComparer.Ordinal)];

    /// <summary>What makes the lines of a scheduler; an application's own policy goes before a built-in one of the same name. Case does not matter.</summary>
    /// <exception cref="ArgumentException">No policy has this name.</exception>
    public static Func<PolicyContext, ISchedulingPolicy> Get(string name, IReadOnlyDictionary<string, Func<PolicyContext, ISchedulingPolicy>>? own = null)
    {
        if (own is not null && own.TryGetValue(name, out Func<PolicyContext, ISchedulingPolicy>? factory))
        {
            return factory;
        }

        if (BuiltIn.TryGetValue(name, out factory))
        {
            return factory;
        }

        IEnumerable<string> known = BuiltIn.Keys.Concat(own?.Keys ?? []).Order(StringComparer.Ordinal);
        throw new ArgumentException($"There is no scheduling policy named '{name}'. Known policies: {string.Join(", ", known)}.", nameof(name));
    }
}
