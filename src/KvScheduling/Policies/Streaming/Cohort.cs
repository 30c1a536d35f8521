namespace KvScheduling;

/// <summary>Requests of one kind that wait to start together, whatever their priorities.</summary>
internal sealed class Cohort(TimeSpan rateWindow)
{
    private readonly RequestFifo<WaitTicket> _waiting = new();

    /// <summary>How many must wait before they start; 1: nobody waits.</summary>
    public int Threshold { get; set; } = 1;

    /// <summary>Whether its requests may start; until none is left.</summary>
    public bool IsOpen { get; set; } = true;

    public int Waiting => _waiting.Count;

    /// <summary>Since when the oldest waits; null when none does.</summary>
    public TimeSpan? OldestSince => _waiting.First()?.Place.WaitingSince;

    public ArrivalRate Arrivals { get; } = new(rateWindow);

    public void Add(SchedulableRequest request, TimeSpan now)
    {
        _waiting.Add(request);
        Arrivals.Add(now);
    }

    public void OnRemoved() => _waiting.OnRemoved();

    /// <summary>Takes a new threshold, unless it is close to the old one.</summary>
    /// <param name="arrivals">How many a cycle brings. What is gathered is whole requests: to wait for a fraction more takes longer than the cycle that is to be shared.</param>
    public void Aim(double arrivals)
    {
        int next = (int)Math.Clamp(Math.Floor(arrivals + 1e-12), 1, 1 << 20);
        if (Math.Abs(next - Threshold) > 0.2 * Threshold)
        {
            Threshold = next;
        }
    }
}
