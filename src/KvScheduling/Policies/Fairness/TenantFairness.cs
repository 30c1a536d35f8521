namespace KvScheduling;

/// <summary>How tenants (<see cref="SchedulingHints.Tenant"/>) share the engine.</summary>
public enum TenantFairness
{
    /// <summary>Not at all: a request's tenant does not matter for its turn.</summary>
    None,

    /// <summary>Virtual token counters: the tenant that was served least, by its weight, goes next (VTC, Sheng et al., OSDI 2024, arXiv 2401.00588). Inside a tenant the policy orders.</summary>
    VirtualTokenCounter,
}
