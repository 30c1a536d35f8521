namespace KvScheduling;

/// <summary>The accounts of all tenants of a scheduler.</summary>
/// <remarks>A tenant that comes back is lifted to the one served least among those that wait: nobody saves up service by being away. Source: VTC, arXiv 2401.00588, Algorithm 2.</remarks>
internal sealed class TenantAccounts(IReadOnlyDictionary<string, double> weights, TimeSpan? promoteAfter)
{
    private const int FirstSweep = 256;
    private readonly Dictionary<string, TenantAccount> _accounts = new(StringComparer.Ordinal);
    private readonly List<TenantAccount> _waiting = [];
    private TenantAccount? _anonymous;
    private TenantAccount? _lastToLeave;
    private long _created;
    private int _nextSweep = FirstSweep;

    /// <summary>After this wait a request goes first among those of its tenant; null: never.</summary>
    public TimeSpan? PromoteAfter { get; } = promoteAfter;

    /// <summary>The time, as of the last look at the line.</summary>
    public TimeSpan Now { get; set; }

    /// <summary>Accounts that are kept.</summary>
    public int Count => _accounts.Count + (_anonymous is null ? 0 : 1);

    /// <summary>A new request waits.</summary>
    public TenantAccount Join(SchedulableRequest request)
    {
        TenantAccount account = request.Place.Account ??= AccountOf(request.Tenant);
        if (account.Waiting++ == 0)
        {
            account.Served = Math.Max(account.Served, Floor());
            _waiting.Add(account);
        }

        return account;
    }

    /// <summary>A request that never ran does not wait any more.</summary>
    public void Leave(TenantAccount account)
    {
        if (--account.Waiting == 0)
        {
            _waiting.Remove(account);
            _lastToLeave = account;
        }
    }

    /// <summary>A request started for the first time.</summary>
    public static void OnStarted(SchedulableRequest request)
    {
        if (request.Place.Account is TenantAccount account)
        {
            account.Started++;
            account.ChargePrompt(request.PromptTokens);
        }
    }

    /// <summary>A request that had started ended.</summary>
    public static void OnEnded(SchedulableRequest request)
    {
        if (request.Place is { WasStarted: true, Account: TenantAccount account })
        {
            account.Started--;
        }
    }

    /// <summary>What a tenant that comes back has been served at least.</summary>
    private double Floor()
    {
        if (_waiting.Count == 0)
        {
            return _lastToLeave?.Served ?? 0;
        }

        double least = double.MaxValue;
        foreach (TenantAccount account in _waiting)
        {
            least = Math.Min(least, account.Served);
        }

        return least;
    }

    private TenantAccount AccountOf(string? tenant)
    {
        if (tenant is null)
        {
            return _anonymous ??= new TenantAccount(null, 1, _created++);
        }

        if (!_accounts.TryGetValue(tenant, out TenantAccount? account))
        {
            Sweep();
            account = new TenantAccount(tenant, weights.GetValueOrDefault(tenant, 1), _created++);
            _accounts.Add(tenant, account);
        }

        return account;
    }

    /// <summary>Forgets idle tenants that would be lifted anyway: their accounts say nothing.</summary>
    private void Sweep()
    {
        if (_accounts.Count < _nextSweep)
        {
            return;
        }

        double floor = Floor();
        foreach ((string tenant, TenantAccount account) in _accounts)
        {
            if (account.IsIdle && account.Served <= floor)
            {
                _accounts.Remove(tenant);
            }
        }

        _nextSweep = Math.Max(FirstSweep, 2 * _accounts.Count);
    }
}
