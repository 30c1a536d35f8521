namespace KvScheduling;

/// <summary>The requests of one tenant and one priority: those that waited long by arrival, then the policy's order.</summary>
internal sealed class TenantLine(ISchedulingPolicy order, TenantAccounts accounts)
{
    private readonly RequestFifo<WaitTicket> _byWait = new();

    public TenantAccount? Account { get; set; }

    public int Count => order.Count;

    public void Add(SchedulableRequest request)
    {
        order.Add(request);
        if (accounts.PromoteAfter is not null)
        {
            _byWait.Add(request);
        }
    }

    /// <summary>Takes out a request that has lost its ticket of the line.</summary>
    public void Remove(SchedulableRequest request)
    {
        order.Remove(request);
        if (accounts.PromoteAfter is not null)
        {
            _byWait.OnRemoved();
        }
    }

    public int Peek(Span<SchedulableRequest> requests)
    {
        int count = 0;
        if (accounts.PromoteAfter is not null && IsPromoted(_byWait.First()))
        {
            int waiting = _byWait.Peek(requests);
            while (count < waiting && IsPromoted(requests[count]))
            {
                count++;
            }
        }

        int from = count;
        int found = from < requests.Length ? order.Peek(requests[from..]) : 0;
        for (int i = from; i < from + found; i++)
        {
            if (from == 0 || !IsPromoted(requests[i]))
            {
                requests[count++] = requests[i];
            }
        }

        return count;
    }

    private bool IsPromoted(SchedulableRequest? request) => request is not null && accounts.Now - request.Place.WaitingSince >= accounts.PromoteAfter;
}
