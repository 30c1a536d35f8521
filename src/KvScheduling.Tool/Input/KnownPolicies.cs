using KvScheduling.Baselines;
using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary>The policies that commands can be given.</summary>
internal static class KnownPolicies
{
    /// <summary>Those that drain backlogs: ours with their references, then those that know lengths by intervals only.</summary>
    public static IReadOnlyList<string> Backlogs { get; } = [.. Backlog.Policies, .. IntervalPolicies.Names];

    /// <summary>Those that replay streams: ours, then the schedulers of other engines.</summary>
    public static IReadOnlyList<string> Streams { get; } = [.. Simulator.Policies, .. BaselinePolicies.Names];
}
