namespace KvScheduling;

/// <summary>What the loop does next: removals, then starts, then one step of the items. Reused from step to step.</summary>
internal sealed class StepPlan
{
    private readonly StepItem[] _items;
    private int _itemCount;

    public StepPlan(int maxSequences) => _items = new StepItem[maxSequences];

    /// <summary>Slots the engine must free first.</summary>
    public List<int> Removals { get; } = [];

    /// <summary>Sequences the engine must start then, in order.</summary>
    public List<PlannedStart> Starts { get; } = [];

    /// <summary>The step; empty when nothing can run.</summary>
    public ReadOnlySpan<StepItem> Items => _items.AsSpan(0, _itemCount);

    public void Add(StepItem item) => _items[_itemCount++] = item;

    public void Clear()
    {
        Removals.Clear();
        Starts.Clear();
        _itemCount = 0;
    }
}

/// <summary>A start: the request has its slot already.</summary>
internal readonly record struct PlannedStart(SchedulableRequest Request, int SharedTokens, int SharedFromSlot);
