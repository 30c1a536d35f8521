namespace KvScheduling;

/// <summary>All requests that wait: who is next, whatever the reason.</summary>
/// <remarks>
/// Order: requests that waited longer than the promotion time, oldest first; then priority by priority, in each the resumed ones in order of arrival, then the
/// policy's line.
/// </remarks>
internal sealed class WaitingLine
{
    private readonly Func<ISchedulingPolicy> _policyFactory;
    private readonly TimeSpan? _promoteAfter;
    private readonly TimeSpan? _ageing;
    private readonly TenantAccounts? _accounts;
    private readonly RequestFifo<WaitTicket> _byWait = new();
    private readonly List<PriorityLevel> _levels = [];
    private readonly Stack<PriorityLevel> _spare = new();
    private readonly SchedulableRequest[] _scratch = new SchedulableRequest[1];
    private bool _headIsPromoted;

    public WaitingLine(Func<ISchedulingPolicy> policyFactory, KvSchedulingOptions options)
    {
        _ageing = options.PriorityAgeing;
        Policy = policyFactory();
        Func<ISchedulingPolicy> createLine = Policy is IGatingPolicy gating ? gating.CreateLine : policyFactory;
        if (options.Fairness == TenantFairness.None)
        {
            _promoteAfter = options.PromoteAfter;
            _policyFactory = createLine;
            _spare.Push(new PriorityLevel(Policy));
        }
        else
        {
            // Who floods the line waits longest: tenants promote their own requests only.
            _accounts = new TenantAccounts(options.TenantWeights.AsReadOnly(), options.PromoteAfter);
            _policyFactory = () => new FairLine(_accounts, createLine);
        }
    }

    /// <summary>The first of the policy's lines.</summary>
    public ISchedulingPolicy Policy { get; }

    public string PolicyName => Policy.Name;

    public int Count { get; private set; }

    /// <summary>Tokens to compute of all requests in the line.</summary>
    public long TokensToCompute { get; private set; }

    /// <summary>Puts a request into the line: behind its equals when it is new, among the resumed ones when it ran before.</summary>
    public void Add(SchedulableRequest request, TimeSpan now, bool resumed)
    {
        ref RequestPlace place = ref request.Place;
        place.WaitTicket = place.NextTicket();
        place.WaitingSince = now;
        place.IsResumed = resumed;
        PriorityLevel level = LevelOf(request.Priority);
        (resumed ? level.Resumed : level.Policy).Add(request);
        if (_promoteAfter is not null)
        {
            _byWait.Add(request);
        }

        if (_ageing is not null)
        {
            level.ByWait.Add(request);
        }

        Count++;
        TokensToCompute += request.TokensToCompute;
    }

    /// <summary>Takes a request out of the line. Nothing that its place depends on may have changed since it was added.</summary>
    public void Remove(SchedulableRequest request)
    {
        int index = IndexOf(request.Priority);
        PriorityLevel level = _levels[index];
        request.Place.WaitTicket = 0;
        (request.Place.IsResumed ? level.Resumed : level.Policy).Remove(request);
        if (_ageing is not null)
        {
            level.ByWait.OnRemoved();
        }

        if (level.Count == 0)
        {
            _levels.RemoveAt(index);
            _spare.Push(level);
        }

        if (_promoteAfter is not null)
        {
            _byWait.OnRemoved();
        }

        Count--;
        TokensToCompute -= request.TokensToCompute;
    }

    public static bool Contains(SchedulableRequest request) => request.Place.WaitTicket != 0;

    /// <summary>Whether a request waited so long that it goes before everything else.</summary>
    public bool IsPromoted(SchedulableRequest request, TimeSpan now) => _promoteAfter is TimeSpan after && now - request.Place.WaitingSince >= after;

    /// <summary>The request to start next, or null.</summary>
    public SchedulableRequest? Head(TimeSpan now)
    {
        _headIsPromoted = false;
        if (Oldest() is SchedulableRequest oldest && IsPromoted(oldest, now))
        {
            _headIsPromoted = true;
            return ResumedBefore(oldest) ?? oldest;
        }

        SetTime(now);
        return Aged() ?? (_levels.Count > 0 && _levels[0].Peek(_scratch.AsSpan(0, 1)) > 0 ? _scratch[0] : null);
    }

    /// <summary>The first requests of the line, the head included.</summary>
    /// <returns>How many were written.</returns>
    public int Peek(Span<SchedulableRequest> requests, TimeSpan now)
    {
        int count = 0;
        bool anyPromoted = false;
        SetTime(now);
        if (Oldest() is SchedulableRequest oldest && IsPromoted(oldest, now))
        {
            anyPromoted = true;
            int waiting = _byWait.Peek(requests);
            while (count < waiting && IsPromoted(requests[count], now))
            {
                count++;
            }
        }

        for (int i = 0; i < _levels.Count && count < requests.Length; i++)
        {
            int from = count;
            int found = _levels[i].Peek(requests[from..]);
            for (int j = from; j < from + found; j++)
            {
                // Promoted requests stand in front already.
                if (!anyPromoted || !IsPromoted(requests[j], now))
                {
                    requests[count++] = requests[j];
                }
            }
        }

        return count;
    }

    /// <summary>When the next request is promoted that was not at the last <see cref="Head"/>; null when that never happens.</summary>
    public TimeSpan? NextPromotion => Oldest() is SchedulableRequest oldest && !_headIsPromoted ? oldest.Place.WaitingSince + _promoteAfter!.Value : null;

    /// <summary>What the parts of the line count, for recounts.</summary>
    public (int InLevels, int ByWait) Recount()
    {
        int inLevels = 0;
        foreach (PriorityLevel level in _levels)
        {
            inLevels += level.Count;
        }

        return (inLevels, _promoteAfter is null ? Count : _byWait.Count);
    }

    /// <summary>The first request that ran before and arrived before a promoted one; null when there is none. It waited its turn once: behind everybody who is promoted it would wait it again.</summary>
    private SchedulableRequest? ResumedBefore(SchedulableRequest promoted)
    {
        SchedulableRequest? first = null;
        foreach (PriorityLevel level in _levels)
        {
            if (level.Resumed.Count > 0 && level.Resumed.Peek(_scratch) > 0 && _scratch[0].ArrivalIndex < (first ?? promoted).ArrivalIndex)
            {
                first = _scratch[0];
            }
        }

        return first;
    }

    /// <summary>The oldest request of a lower priority that has gained more than the difference by waiting; null when there is none.</summary>
    private SchedulableRequest? Aged()
    {
        if (_ageing is not TimeSpan ageing || _levels.Count < 2)
        {
            return null;
        }

        int best = 0;
        Int128 bestKey = AgedKey(_levels[0], ageing);
        for (int i = 1; i < _levels.Count; i++)
        {
            Int128 key = AgedKey(_levels[i], ageing);
            (best, bestKey) = key < bestKey ? (i, key) : (best, bestKey);
        }

        return best == 0 ? null : _levels[best].ByWait.First();
    }

    /// <summary>A priority gained per ageing time orders as the start of the wait, moved back by the priority times that time: it does not change while waiting.</summary>
    private static Int128 AgedKey(PriorityLevel level, TimeSpan ageing) =>
        level.ByWait.First()!.Place.WaitingSince.Ticks - ((Int128)level.Priority * ageing.Ticks);

    private void SetTime(TimeSpan now)
    {
        if (_accounts is not null)
        {
            _accounts.Now = now;
        }
    }

    private SchedulableRequest? Oldest() => _promoteAfter is null ? null : _byWait.First();

    private PriorityLevel LevelOf(int priority)
    {
        int index = IndexOf(priority);
        if (index < _levels.Count && _levels[index].Priority == priority)
        {
            return _levels[index];
        }

        // Levels are reused, so that callers who invent priorities cost nothing in the long run.
        PriorityLevel level = _spare.TryPop(out PriorityLevel? spare) ? spare : new PriorityLevel(_policyFactory());
        level.Priority = priority;
        _levels.Insert(index, level);
        return level;
    }

    private int IndexOf(int priority)
    {
        int low = 0;
        int high = _levels.Count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_levels[middle].Priority > priority)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
