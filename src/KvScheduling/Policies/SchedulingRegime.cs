namespace KvScheduling;

/// <summary>What a policy that adapts does at present.</summary>
public enum SchedulingRegime
{
    /// <summary>The policy has one behaviour only.</summary>
    None,

    /// <summary>Requests come one by one: they start in the order of arrival, as soon as they fit.</summary>
    Stream,

    /// <summary>Most of what waits came at once: it is ordered by size, in batches.</summary>
    Backlog,

    /// <summary>Requests are held for moments and start together, because the policy's model of the engine says that this serves everybody sooner.</summary>
    Cohorts,
}
