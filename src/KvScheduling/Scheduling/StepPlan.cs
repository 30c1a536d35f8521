namespace KvScheduling;

/// <summary>What the loop does next: removals, then starts, then one step of the items. Reused from step to step.</summary>
internal sealed class StepPlan
{
    private StepItem[] _items;
    private int _itemCount;

    public StepPlan(int capacity = 64)
    {
        _items = new StepItem[capacity];
        Removals = new List<int>(capacity);
        Starts = new List<PlannedStart>(capacity);
    }

    /// <summary>Slots the engine must free first.</summary>
    public List<int> Removals { get; }

    /// <summary>Sequences the engine must start then, in order.</summary>
    public List<PlannedStart> Starts { get; }

    /// <summary>The step; empty when nothing can run.</summary>
    public ReadOnlySpan<StepItem> Items => _items.AsSpan(0, _itemCount);

    public void Add(StepItem item)
    {
        if (_itemCount == _items.Length)
        {
            Array.Resize(ref _items, _itemCount * 2);
        }

        _items[_itemCount++] = item;
    }

    /// <summary>Takes a sequence out of the step, because it could not be started.</summary>
    public void Remove(int slot)
    {
        for (int i = 0; i < _itemCount; i++)
        {
            if (_items[i].Slot == slot)
            {
                _items.AsSpan(i + 1, _itemCount - i - 1).CopyTo(_items.AsSpan(i));
                _itemCount--;
                return;
            }
        }
    }

    /// <summary>What the step computes; true until it has run.</summary>
    public StepShape ShapeOn(SlotTable slots)
    {
        StepShape shape = default;
        foreach (StepItem item in Items)
        {
            SequenceSlot slot = slots[item.Slot];
            if (slot.IsPrefilling)
            {
                shape.AddPrefill(item.Tokens, slot.Computed);
            }
            else
            {
                shape.AddDecode(slot.Computed);
            }
        }

        return shape;
    }

    public void Clear()
    {
        Removals.Clear();
        Starts.Clear();
        _itemCount = 0;
    }
}

/// <summary>A start: the request has its slot already.</summary>
internal readonly record struct PlannedStart(SchedulableRequest Request, int SharedTokens, int SharedFromSlot);
