namespace KvScheduling;

/// <summary>KV blocks by number, with a count of the sequences that hold each: a shared prefix is held by several.</summary>
internal sealed class SimulatedBlockPool
{
    private readonly int[] _free;
    private readonly int[] _holders;
    private int _freeCount;

    public SimulatedBlockPool(int blocks)
    {
        _free = new int[blocks];
        _holders = new int[blocks];
        _freeCount = blocks;
        for (int i = 0; i < blocks; i++)
        {
            _free[i] = blocks - 1 - i;
        }
    }

    public int FreeCount => _freeCount;

    public int UsedCount => _free.Length - _freeCount;

    public int Take()
    {
        int block = _free[--_freeCount];
        _holders[block] = 1;
        return block;
    }

    public void Share(int block) => _holders[block]++;

    public bool IsShared(int block) => _holders[block] > 1;

    public void Release(int block)
    {
        if (--_holders[block] == 0)
        {
            _free[_freeCount++] = block;
        }
    }
}
