using System.Runtime.CompilerServices;

namespace KvScheduling.Simulation;

/// <summary>The engine of a simulation: it knows how many tokens of each slot's sequence are in the KV cache, and what a step over them looks like.</summary>
internal sealed class VirtualEngine(int maxSequences, int blockTokens)
{
    private readonly Sequence[] _sequences = new Sequence[maxSequences];
    private readonly StepEvent[] _events = new StepEvent[maxSequences];
    private readonly BlockRounding _rounding = new(blockTokens);

    /// <summary>Blocks charged to all started sequences: a prompt in full from its start.</summary>
    public long UsedBlocks { get; private set; }

    public void Remove(int slot)
    {
        UsedBlocks -= _rounding.Blocks(_sequences[slot].Length);
        _sequences[slot] = default;
    }

    public void Start(in PlannedStart start)
    {
        int length = start.Request.TokensToCompute;
        _sequences[start.Request.Slot] = new Sequence { Length = length, Cached = start.SharedTokens, IsPrefilling = true };
        UsedBlocks += _rounding.Blocks(length);
    }

    /// <summary>Runs one step.</summary>
    /// <param name="items">What is computed.</param>
    /// <param name="shape">Receives what its time depends on.</param>
    public ReadOnlySpan<StepEvent> Run(ReadOnlySpan<StepItem> items, ref StepShape shape)
    {
        for (int i = 0; i < items.Length; i++)
        {
            StepItem item = items[i];
            ref Sequence sequence = ref _sequences[item.Slot];
            if (sequence.IsPrefilling)
            {
                shape.AddPrefill(item.Tokens, sequence.Cached);
            }
            else
            {
                shape.AddDecode(sequence.Cached);
            }

            sequence.Cached += item.Tokens;
            int token = StepEvent.NoToken;
            if (sequence.Cached == sequence.Length)
            {
                token = 0;
                sequence.IsPrefilling = false;
                Grow(ref sequence);
            }

            _events[i] = new StepEvent(item.Slot, item.Tokens, token);
        }

        return _events.AsSpan(0, items.Length);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Grow(ref Sequence sequence)
    {
        UsedBlocks += _rounding.Waste(sequence.Length) == 0 ? 1 : 0;
        sequence.Length++;
    }

    private struct Sequence
    {
        /// <summary>Prompt and output so far, computed or not.</summary>
        public int Length;

        /// <summary>Tokens in the KV cache.</summary>
        public int Cached;

        public bool IsPrefilling;
    }
}
