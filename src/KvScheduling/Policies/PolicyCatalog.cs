namespace KvScheduling;

/// <summary>The policies that options can name: the built-in ones and those an application registered.</summary>
internal sealed class PolicyCatalog
{
    private readonly Dictionary<string, Func<PolicyContext, ISchedulingPolicy>> _factories = new(StringComparer.OrdinalIgnoreCase)
    {
        [SchedulingPolicies.Fcfs] = static _ => new FcfsPolicy(),
        [SchedulingPolicies.ShortestOutputFirst] = static _ => new ShortestOutputFirstPolicy(),
        [SchedulingPolicies.SmallestPeakFirst] = static _ => new SmallestPeakFirstPolicy(),
        [SchedulingPolicies.SmallestVolumeFirst] = static _ => new SmallestVolumeFirstPolicy(),
        [SchedulingPolicies.SortedF] = static context => new SortedFPolicy(context),
    };

    /// <summary>The names, in alphabetical order.</summary>
    public IEnumerable<string> Names => _factories.Keys.Order(StringComparer.Ordinal);

    /// <summary>Whether a policy has this name; case does not matter.</summary>
    public bool Contains(string name) => _factories.ContainsKey(name);

    /// <summary>Adds a policy.</summary>
    /// <param name="name">Its name in options; case does not matter.</param>
    /// <param name="factory">Makes one line of it; called once per priority level in use.</param>
    /// <exception cref="ArgumentException">The name is empty or taken.</exception>
    public void Add(string name, Func<PolicyContext, ISchedulingPolicy> factory)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(factory);
        if (!_factories.TryAdd(name, factory))
        {
            throw new ArgumentException($"A policy named '{name}' exists already. Give the new one a name of its own.", nameof(name));
        }
    }

    /// <summary>What makes the lines of a scheduler.</summary>
    /// <param name="name">The policy's name.</param>
    /// <param name="context">What the policy may know.</param>
    /// <exception cref="ArgumentException">No policy has this name.</exception>
    public Func<ISchedulingPolicy> Bind(string name, PolicyContext context)
    {
        if (!_factories.TryGetValue(name, out Func<PolicyContext, ISchedulingPolicy>? factory))
        {
            throw new ArgumentException($"There is no scheduling policy named '{name}'. Known policies: {string.Join(", ", Names)}.", nameof(name));
        }

        return () => factory(context);
    }
}
