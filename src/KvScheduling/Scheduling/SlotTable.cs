namespace KvScheduling;

/// <summary>The engine's slots: ids are pooled, and running ones are listed in the order of their starts.</summary>
internal sealed class SlotTable
{
    private readonly SequenceSlot?[] _slots;
    private readonly int[] _free;
    private readonly List<SequenceSlot> _running;
    private readonly List<SequenceSlot> _leaving;
    private int _freeCount;
    private long _starts;

    public SlotTable(int count)
    {
        _slots = new SequenceSlot?[count];
        _free = new int[count];
        _running = new List<SequenceSlot>(count);
        _leaving = new List<SequenceSlot>(count);
        FillFree();
    }

    public int Capacity => _slots.Length;

    public int FreeCount => _freeCount;

    /// <summary>Running sequences in the order of their starts.</summary>
    public List<SequenceSlot> Running => _running;

    /// <summary>Slots the engine must be told to free.</summary>
    public List<SequenceSlot> Leaving => _leaving;

    public SequenceSlot this[int id] => _slots[id] ?? throw new ArgumentOutOfRangeException(nameof(id), id, "No sequence was ever started in this slot.");

    /// <summary>The slot, or null when the id is unknown or nothing was ever started in it.</summary>
    public SequenceSlot? Find(int id) => (uint)id < (uint)_slots.Length ? _slots[id] : null;

    public SequenceSlot Take()
    {
        int id = _free[--_freeCount];
        return _slots[id] ??= new SequenceSlot(id);
    }

    public void Run(SequenceSlot slot, SchedulableRequest request)
    {
        slot.State = SlotState.Running;
        slot.Request = request;
        slot.StartOrder = ++_starts;
        _running.Add(slot);
    }

    /// <summary>Takes a slot out of the running ones; it keeps its id.</summary>
    public void StopRunning(SequenceSlot slot) => _running.RemoveAt(IndexOf(slot));

    /// <summary>The engine is told with the next plan to free the slot.</summary>
    public void Leave(SequenceSlot slot)
    {
        slot.Free();
        slot.State = SlotState.Leaving;
        _leaving.Add(slot);
    }

    /// <summary>The slot can be used again.</summary>
    public void Return(SequenceSlot slot)
    {
        slot.Free();
        _free[_freeCount++] = slot.Id;
    }

    /// <summary>The engine is gone: no slot is in use.</summary>
    public void Reset()
    {
        foreach (SequenceSlot? slot in _slots)
        {
            slot?.Free();
        }

        _running.Clear();
        _leaving.Clear();
        FillFree();
    }

    /// <summary>The running slots are sorted by their start.</summary>
    private int IndexOf(SequenceSlot slot)
    {
        int low = 0;
        int high = _running.Count - 1;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_running[middle].StartOrder < slot.StartOrder)
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

    private void FillFree()
    {
        _freeCount = _free.Length;
        for (int i = 0; i < _free.Length; i++)
        {
            _free[i] = _free.Length - 1 - i;
        }
    }
}
