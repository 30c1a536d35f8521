namespace KvScheduling.ManagedEngine;

/// <summary>One sequence's share of a model step.</summary>
/// <param name="Sequence">The sequence; blocks for its tokens are reserved.</param>
/// <param name="Tokens">How many of its pending tokens to compute.</param>
/// <param name="NeedsLogits">Whether the logits behind the last of them are wanted.</param>
internal readonly record struct SequenceShare(KvSequence Sequence, int Tokens, bool NeedsLogits);

/// <summary>A few tokens of one sequence times one key/value head: what a thread attends at a time.</summary>
/// <param name="Sequence">The sequence's place in the batch.</param>
/// <param name="Row">The first token's row.</param>
/// <param name="Tokens">How many tokens, at most <see cref="StepBatch.TileTokens"/>.</param>
/// <param name="Head">The key/value head.</param>
internal readonly record struct AttentionItem(int Sequence, int Row, int Tokens, int Head);

/// <summary>The rows of one step. Everything that indexes native memory is checked here, before the step runs.</summary>
internal sealed class StepBatch
{
    /// <summary>Tokens of one sequence that are attended together.</summary>
    public const int TileTokens = 4;

    private readonly int _kvHeads;
    private readonly int _vocabularySize;
    private readonly int _maxContextTokens;
    private readonly int[] _tokens;
    private readonly int[] _positions;
    private readonly int[] _rowSequences;
    private readonly int[] _logitRows;
    private readonly KvSequence[] _sequences;
    private readonly AttentionItem[] _items;

    public StepBatch(int maxRows, int maxSequences, int kvHeads, int vocabularySize, int maxContextTokens)
    {
        _kvHeads = kvHeads;
        _vocabularySize = vocabularySize;
        _maxContextTokens = maxContextTokens;
        _tokens = new int[maxRows];
        _positions = new int[maxRows];
        _rowSequences = new int[maxRows];
        _logitRows = new int[maxSequences];
        _sequences = new KvSequence[maxSequences];
        _items = new AttentionItem[checked(((maxRows / TileTokens) + maxSequences) * kvHeads)];
    }

    public int RowCount { get; private set; }

    public int SequenceCount { get; private set; }

    /// <summary>Sequences whose logits are computed, in the order in which they were added.</summary>
    public int LogitCount { get; private set; }

    public int ItemCount { get; private set; }

    /// <summary>Tokens that all rows together attend to: the KV that the step reads, in token · row.</summary>
    public long AttendedTokens { get; private set; }

    public int Token(int row) => _tokens[row];

    public int Position(int row) => _positions[row];

    public KvSequence SequenceOfRow(int row) => _sequences[_rowSequences[row]];

    public KvSequence Sequence(int index) => _sequences[index];

    public int LogitRow(int index) => _logitRows[index];

    public AttentionItem Item(int index) => _items[index];

    /// <summary>Starts over.</summary>
    public void Clear()
    {
        Array.Clear(_sequences, 0, SequenceCount);
        RowCount = 0;
        SequenceCount = 0;
        LogitCount = 0;
        ItemCount = 0;
        AttendedTokens = 0;
    }

    /// <summary>Adds the next tokens of a sequence.</summary>
    /// <exception cref="ArgumentException">The share can't be computed. The batch must be cleared.</exception>
    public void Add(in SequenceShare share)
    {
        KvSequence sequence = share.Sequence;
        int first = sequence.CachedCount;
        int count = share.Tokens;
        if (count < 1 || count > sequence.PendingCount)
        {
            throw new ArgumentException($"{count} tokens can't be computed: the sequence has {sequence.PendingCount} that are not.", nameof(share));
        }

        if (RowCount + count > _tokens.Length || SequenceCount == _sequences.Length)
        {
            throw new ArgumentException($"The step is larger than {_tokens.Length} tokens of {_sequences.Length} sequences.", nameof(share));
        }

        if (first + count > _maxContextTokens || first + count > sequence.BlockCount * KvPool.BlockTokens)
        {
            throw new ArgumentException($"Position {first + count - 1} is outside the context or has no KV block.", nameof(share));
        }

        ReadOnlySpan<int> tokens = sequence.Tokens.Slice(first, count);
        for (int i = 0; i < count; i++)
        {
            if ((uint)tokens[i] >= (uint)_vocabularySize)
            {
                throw new ArgumentException($"Token id {tokens[i]} is outside the vocabulary of {_vocabularySize}.", nameof(share));
            }

            _tokens[RowCount + i] = tokens[i];
            _positions[RowCount + i] = first + i;
            _rowSequences[RowCount + i] = SequenceCount;
            AttendedTokens += first + i + 1;
        }

        for (int i = 0; i < count; i += TileTokens)
        {
            for (int head = 0; head < _kvHeads; head++)
            {
                _items[ItemCount++] = new AttentionItem(SequenceCount, RowCount + i, Math.Min(TileTokens, count - i), head);
            }
        }

        RowCount += count;
        _sequences[SequenceCount++] = sequence;
        if (share.NeedsLogits)
        {
            _logitRows[LogitCount++] = RowCount - 1;
        }
    }

    /// <summary>Takes the rows as computed.</summary>
    public void Complete()
    {
        for (int row = 0; row < RowCount; row++)
        {
            SequenceOfRow(row).Advance(1);
        }
    }
}
