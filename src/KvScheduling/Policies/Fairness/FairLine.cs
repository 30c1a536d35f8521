using System.Runtime.InteropServices;

namespace KvScheduling;

/// <summary>A line of one priority that serves tenants fairly: a line of the policy's order for each of them, the tenant served least first.</summary>
/// <remarks>Looking at the head costs the number of tenants that wait. Requests that waited long go first inside their tenant only: else a tenant that floods would pass everybody by waiting.</remarks>
internal sealed class FairLine(TenantAccounts accounts, Func<ISchedulingPolicy> createLine) : ISchedulingPolicy
{
    private readonly Dictionary<TenantAccount, TenantLine> _lines = [];
    private readonly List<TenantLine> _waiting = [];
    private readonly Stack<TenantLine> _spare = new();
    private SchedulableRequest[] _scratch = [];

    public string Name => "fair";

    public int Count { get; private set; }

    public void Add(SchedulableRequest request)
    {
        TenantAccount account = accounts.Join(request);
        if (!_lines.TryGetValue(account, out TenantLine? line))
        {
            line = _spare.TryPop(out TenantLine? spare) ? spare : new TenantLine(createLine(), accounts);
            line.Account = account;
            _lines.Add(account, line);
            _waiting.Add(line);
        }

        line.Add(request);
        Count++;
    }

    public void Remove(SchedulableRequest request)
    {
        TenantAccount account = request.Place.Account!;
        TenantLine line = _lines[account];
        line.Remove(request);
        accounts.Leave(account);
        Count--;
        if (line.Count == 0)
        {
            _lines.Remove(account);
            _waiting.Remove(line);
            _spare.Push(line);
        }
    }

    public int Peek(Span<SchedulableRequest> candidates)
    {
        if (candidates.Length == 1 || _waiting.Count <= 1)
        {
            return Least() is TenantLine least ? least.Peek(candidates) : 0;
        }

        CollectionsMarshal.AsSpan(_waiting).Sort(Compare);
        return Interleave(candidates);
    }

    private static int Compare(TenantLine a, TenantLine b) =>
        a.Account!.Served != b.Account!.Served ? a.Account.Served.CompareTo(b.Account.Served) : a.Account.Order.CompareTo(b.Account.Order);

    private TenantLine? Least()
    {
        TenantLine? least = null;
        foreach (TenantLine line in _waiting)
        {
            least = least is null || Compare(line, least) < 0 ? line : least;
        }

        return least;
    }

    /// <summary>Everybody's first request, then everybody's second, and so on.</summary>
    private int Interleave(Span<SchedulableRequest> candidates)
    {
        int wanted = candidates.Length;
        int lines = Math.Min(_waiting.Count, wanted);
        int each = ((wanted - 1) / lines) + 1;
        if (_scratch.Length < lines * each)
        {
            _scratch = new SchedulableRequest[lines * each];
        }

        for (int i = 0; i < lines; i++)
        {
            Span<SchedulableRequest> front = _scratch.AsSpan(i * each, each);
            front[_waiting[i].Peek(front)..].Clear();
        }

        int count = 0;
        for (int round = 0; round < each; round++)
        {
            for (int i = 0; i < lines && count < wanted; i++)
            {
                if (_scratch[(i * each) + round] is SchedulableRequest request)
                {
                    candidates[count++] = request;
                }
            }
        }

        Array.Clear(_scratch, 0, lines * each);
        return count;
    }
}
