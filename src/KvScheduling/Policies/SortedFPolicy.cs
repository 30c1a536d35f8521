using System.Runtime.InteropServices;

namespace KvScheduling;

/// <summary>Sorted-F: batches of least F(X) = Σ output / |X|², one after the other, short outputs first in each. Source: arXiv 2508.06133.</summary>
/// <remarks>
/// <para>The line is planned as far ahead as it is looked at, and planned anew, once, when requests have arrived since. A batch is selected exactly while few
/// requests are left, otherwise greedily among
/// the first few hundred by output, peak and volume, so that the length of the line does not matter.</para>
/// <para>The batches are an order, not barriers: the scheduler starts the next one while the last one drains.</para>
/// </remarks>
internal sealed class SortedFPolicy : ISchedulingPolicy
{
    /// <summary>How much an exact selection may cost before the greedy one takes over; a few hundred microseconds.</summary>
    private const int MaxExactStates = 4096;
    private const int SmallestWindow = 256;
    private const int LargestWindow = 1024;

    private readonly int _exactLimit;
    private readonly int _window;
    private readonly OrderedLine _byOutput = new();
    private readonly OrderedLine _byPeak = new();
    private readonly OrderedLine _byVolume = new();
    private readonly List<SchedulableRequest> _plan = [];
    private readonly List<OrderedEntry> _batch = [];
    private readonly List<SchedulableRequest> _few = [];
    private readonly List<BatchItem> _fewItems = [];
    private readonly SortedFGreedyScan<SchedulableRequest> _scan;
    private readonly SortedFExactSelection _exact;
    private int _planStart;
    private bool _hasArrivals;

    public SortedFPolicy(PolicyContext context)
    {
        int block = context.Engine.BlockTokens;
        _exactLimit = Math.Min(context.Options.SortedFExactLimit, RequestSet.Capacity);
        _window = (int)Math.Clamp(2L * context.Options.MaxRunningRequests, SmallestWindow, LargestWindow);
        _scan = new SortedFGreedyScan<SchedulableRequest>(context.KvBudgetTokens / block, block);
        _exact = new SortedFExactSelection(context.KvBudgetTokens - (context.KvBudgetTokens % block), block, MaxExactStates);
    }

    public string Name => SchedulingPolicies.SortedF;

    public int Count => _byOutput.Count;

    private int Planned => _plan.Count - _planStart;

    public void Add(SchedulableRequest request)
    {
        request.Place.PolicyTicket = request.Place.NextTicket();
        request.Place.IsPlanned = false;
        _byOutput.Add(OutputEntry(request));
        _byPeak.Add(PeakEntry(request));
        _byVolume.Add(VolumeEntry(request));
        _hasArrivals = true;
    }

    public void Remove(SchedulableRequest request)
    {
        OrderedEntry output = OutputEntry(request);
        OrderedEntry peak = PeakEntry(request);
        OrderedEntry volume = VolumeEntry(request);
        request.Place.PolicyTicket = 0;
        _byOutput.Remove(output);
        _byPeak.Remove(peak);
        _byVolume.Remove(volume);
        if (request.Place.IsPlanned)
        {
            RemoveFromPlan(request);
        }
    }

    public int Peek(Span<SchedulableRequest> candidates)
    {
        if (_hasArrivals)
        {
            DropPlan();
        }

        while (Planned < candidates.Length && Planned < Count)
        {
            PlanBatch();
        }

        int count = Math.Min(candidates.Length, Planned);
        CollectionsMarshal.AsSpan(_plan).Slice(_planStart, count).CopyTo(candidates);
        return count;
    }

    private static OrderedEntry OutputEntry(SchedulableRequest request) =>
        Entry(request, RequestSize.Output(request), RequestSize.Prompt(request));

    private static OrderedEntry PeakEntry(SchedulableRequest request) =>
        Entry(request, RequestSize.Peak(RequestSize.Prompt(request), RequestSize.Output(request)), RequestSize.Output(request));

    private static OrderedEntry VolumeEntry(SchedulableRequest request) =>
        Entry(request, RequestSize.Volume(RequestSize.Prompt(request), RequestSize.Output(request)), RequestSize.Output(request));

    private static OrderedEntry Entry(SchedulableRequest request, long key, int minor) =>
        new(key, (uint)minor, request.Place.PolicyTicket, request.ArrivalIndex, request);

    private static BatchItem Item(SchedulableRequest request) => new(RequestSize.Prompt(request), RequestSize.Output(request), request.ArrivalIndex);

    private void DropPlan()
    {
        for (int i = _planStart; i < _plan.Count; i++)
        {
            _plan[i].Place.IsPlanned = false;
        }

        _plan.Clear();
        _planStart = 0;
        _hasArrivals = false;
    }

    private void RemoveFromPlan(SchedulableRequest request)
    {
        request.Place.IsPlanned = false;
        int at = _plan.IndexOf(request, _planStart);
        if (at > _planStart)
        {
            _plan.RemoveAt(at);
            return;
        }

        _plan[_planStart++] = null!;
        if (_planStart == _plan.Count || _planStart >= LargestWindow)
        {
            _plan.RemoveRange(0, _planStart);
            _planStart = 0;
        }
    }

    private void PlanBatch()
    {
        int from = _plan.Count;
        if (Count - Planned > _exactLimit || !PlanExactly())
        {
            PlanGreedily();
        }

        // The order by output, then prompt, then arrival is that of the batch.
        Span<SchedulableRequest> batch = CollectionsMarshal.AsSpan(_plan)[from..];
        CollectionsMarshal.SetCount(_batch, batch.Length);
        Span<OrderedEntry> order = CollectionsMarshal.AsSpan(_batch);
        for (int i = 0; i < batch.Length; i++)
        {
            batch[i].Place.IsPlanned = true;
            order[i] = OutputEntry(batch[i]);
        }

        order.Sort();
        for (int i = 0; i < batch.Length; i++)
        {
            batch[i] = order[i].Request;
        }

        _batch.Clear();
    }

    private bool PlanExactly()
    {
        _few.Clear();
        foreach (ref readonly OrderedEntry entry in _byOutput.Front(Count))
        {
            if (!entry.Request.Place.IsPlanned)
            {
                _few.Add(entry.Request);
            }
        }

        _few.Sort(static (a, b) => a.ArrivalIndex.CompareTo(b.ArrivalIndex));
        _fewItems.Clear();
        foreach (SchedulableRequest request in _few)
        {
            _fewItems.Add(Item(request));
        }

        bool found = _exact.TryRun(CollectionsMarshal.AsSpan(_fewItems), out RequestSet chosen);
        for (int i = 0; found && i < _few.Count; i++)
        {
            if (chosen.Contains(i))
            {
                _plan.Add(_few[i]);
            }
        }

        _few.Clear();
        return found;
    }

    private void PlanGreedily()
    {
        _scan.Begin();
        Scan(_byOutput);
        Scan(_byPeak);
        Scan(_byVolume);
        _plan.AddRange(_scan.Best);
        _scan.Begin();
        if (_plan.Count == _planStart || _plan[^1].Place.IsPlanned)
        {
            AddFirst();
        }
    }

    private void Scan(OrderedLine line)
    {
        _scan.BeginScan();
        int left = _window;
        foreach (ref readonly OrderedEntry entry in line.Front(Planned + _window))
        {
            SchedulableRequest request = entry.Request;
            if (!request.Place.IsPlanned)
            {
                _scan.Offer(RequestSize.Prompt(request), RequestSize.Output(request), request);
                if (--left == 0)
                {
                    break;
                }
            }
        }

        _scan.EndScan();
    }

    /// <summary>Nothing fits the budget even alone. The door refuses such requests; the line must come to an end all the same.</summary>
    private void AddFirst()
    {
        foreach (ref readonly OrderedEntry entry in _byOutput.Front(Planned + 1))
        {
            if (!entry.Request.Place.IsPlanned)
            {
                _plan.Add(entry.Request);
                return;
            }
        }
    }
}
