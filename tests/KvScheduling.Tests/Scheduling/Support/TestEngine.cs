namespace KvScheduling.Tests;

/// <summary>An engine that computes nothing and holds its scheduler to the port's contract: what is started, removed and planned, and how many KV blocks that
/// takes.</summary>
internal sealed class TestEngine
{
    private readonly Sequence?[] _slots;

    public TestEngine(EngineDescription description)
    {
        Description = description;
        _slots = new Sequence?[description.MaxSequences];
    }

    public EngineDescription Description { get; }

    /// <summary>Requests that ever reached the engine.</summary>
    public HashSet<TestRequest> Seen { get; } = [];

    public long ComputedTokens { get; private set; }

    public int LargestStep { get; private set; }

    public int UsedSlots => _slots.Count(slot => slot is not null);

    /// <summary>What to do to a sequence of the next step instead of advancing it.</summary>
    public Func<TestRequest, SequenceStatus>? Trouble { get; set; }

    /// <summary>KV blocks in use: those of prefixes that were shared, once.</summary>
    public long UsedBlocks
    {
        get
        {
            HashSet<object> blocks = [];
            foreach (Sequence? sequence in _slots)
            {
                if (sequence is not null)
                {
                    blocks.UnionWith(sequence.Blocks);
                }
            }

            return blocks.Count;
        }
    }

    public TestRequest RequestIn(int slot) => _slots[slot]!.Request;

    public int ComputedIn(int slot) => _slots[slot]!.Computed;

    public void Remove(int slot)
    {
        Require(_slots[slot] is not null, $"slot {slot} is removed but was not started");
        _slots[slot] = null;
    }

    public void Start(in PlannedStart start)
    {
        var request = (TestRequest)start.Request;
        int slot = request.Slot;
        Seen.Add(request);
        var sequence = new Sequence(request);
        if (start.SharedTokens > 0)
        {
            Sequence source = _slots[start.SharedFromSlot] ?? throw new InvalidOperationException("shared from a slot that holds nothing");
            Require(source.Computed >= start.SharedTokens, $"shares {start.SharedTokens} tokens of a sequence with {source.Computed} computed");
            Require(start.SharedTokens < request.TokensToCompute, "nothing is left to compute");
            if (start.SharedFromSlot == slot)
            {
                Require(request.StartsWith(source.Request, start.SharedTokens), "continues a sequence it does not start with");
                sequence.Blocks.AddRange(source.Blocks);
                _slots[slot] = null;
            }
            else
            {
                int blocks = start.SharedTokens / Description.BlockTokens;
                Require(blocks * Description.BlockTokens == start.SharedTokens, "shares a part of a block");
                Require(request.Blocks.AsSpan(0, blocks).SequenceEqual(source.Request.Blocks.AsSpan(0, blocks)), "shares blocks of another prompt");
                sequence.Blocks.AddRange(source.Blocks.Take(blocks));
            }

            sequence.Computed = start.SharedTokens;
        }

        Require(_slots[slot] is null, $"slot {slot} is started twice");
        _slots[slot] = sequence;
    }

    public void Lose() => Array.Clear(_slots);

    public int RunStep(ReadOnlySpan<StepItem> items, Span<StepEvent> events)
    {
        int count = 0;
        int step = 0;
        HashSet<int> planned = [];
        foreach (StepItem item in items)
        {
            Sequence sequence = _slots[item.Slot] ?? throw new InvalidOperationException($"slot {item.Slot} is planned but was not started");
            Require(planned.Add(item.Slot), $"slot {item.Slot} is planned twice");
            step += item.Tokens;
            TestRequest request = sequence.Request;
            int left = request.TokensToCompute - sequence.Computed;
            Require(item.Tokens >= 1 && item.Tokens <= left, $"{item.Tokens} tokens are planned of {left} left");
            Require(Description.SupportsChunkedPrefill || item.Tokens == left, "a prompt is cut although the engine takes it whole");
            SequenceStatus status = Trouble?.Invoke(request) ?? SequenceStatus.Ok;
            if (status != SequenceStatus.Ok)
            {
                events[count++] = new StepEvent(item.Slot, 0, StepEvent.NoToken, status);
                continue;
            }

            sequence.Computed += item.Tokens;
            ComputedTokens += item.Tokens;
            while (sequence.Blocks.Count * Description.BlockTokens < sequence.Computed)
            {
                sequence.Blocks.Add(new object());
            }

            int token = item.Tokens < left ? StepEvent.NoToken
                : request.GeneratedTokens >= request.ActualOutput ? TestRequest.EndToken : request.TokenAt(request.GeneratedTokens);
            events[count++] = new StepEvent(item.Slot, item.Tokens, token);
        }

        LargestStep = Math.Max(LargestStep, step);
        int running = _slots.Count(slot => slot is not null && slot.Request.State == RequestState.Running);
        Require(Description.Hold != HoldSupport.None || planned.Count == running, "a sequence is held though the engine can't");
        long used = UsedBlocks;
        long capacity = Description.KvCapacityTokens / Description.BlockTokens;
        Require(used <= capacity, $"{used} blocks are used of {capacity}");
        return count;
    }

    private static void Require(bool holds, string message)
    {
        if (!holds)
        {
            throw new InvalidOperationException("Contract of the engine port: " + message + ".");
        }
    }

    private sealed class Sequence(TestRequest request)
    {
        public TestRequest Request { get; } = request;

        public int Computed { get; set; }

        public List<object> Blocks { get; } = [];
    }
}
