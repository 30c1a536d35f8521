namespace KvScheduling;

/// <summary>With whom the KV of a prompt's prefix may be shared.</summary>
public enum PrefixScope
{
    /// <summary>With nobody: the prompt is always computed.</summary>
    None,

    /// <summary>With requests of the same <see cref="SchedulingHints.Tenant"/> only.</summary>
    Tenant,

    /// <summary>With every request that is public too.</summary>
    Public,
}
