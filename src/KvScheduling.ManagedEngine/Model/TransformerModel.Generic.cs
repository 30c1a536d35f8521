using System.Runtime.CompilerServices;

namespace KvScheduling.ManagedEngine;

/// <summary>The model on one vector width.</summary>
internal sealed unsafe class TransformerModel<TLanes> : TransformerModel, IPhasedWork
    where TLanes : struct, ILanes<TLanes>
{
    private const int LayerPhases = 8;

    /// <summary>One thread's rough speed, for choosing how many threads a step gets.</summary>
    private const double BytesPerNanosecond = 20;
    private const double MultiplyAddsPerNanosecond = 50;

    private readonly NativeArena _arena = new();
    private readonly TransformerWeights _weights;
    private readonly Activations _rows;
    private readonly KvPool _cache;
    private readonly RotaryTable _rotary;
    private readonly PagedAttention<TLanes> _attention;
    private readonly ThreadScratch[] _scratch;
    private readonly StepBatch _batch;
    private int _logitCount;

    public TransformerModel(IWeightSource source, ModelLimits limits)
        : base(source.Config, limits)
    {
        ModelConfig config = source.Config;
        try
        {
            _weights = TransformerWeights.Load(_arena, source, limits.WeightFormat, 2 * TLanes.Count);
            _rows = new Activations(_arena, config, _weights, limits);
            _cache = new KvPool(_arena, limits.KvBlocks, config.LayerCount, config.KvHeads, config.HeadSize);
            _rotary = new RotaryTable(_arena, config, limits.MaxContextTokens);
            _attention = new PagedAttention<TLanes>(_cache, config);
            _batch = new StepBatch(limits.MaxStepTokens, limits.MaxSequences, config.KvHeads, config.VocabularySize, limits.MaxContextTokens);
            _scratch = new ThreadScratch[limits.Threads];
            int widestInput = Math.Max(config.HiddenSize, Math.Max(config.IntermediateSize, config.QueryHeads * config.HeadSize));
            long panelFloats = MatrixProduct<TLanes>.ScratchFloats(widestInput);
            for (int i = 0; i < _scratch.Length; i++)
            {
                _scratch[i] = new ThreadScratch(_arena, config, panelFloats, PagedAttention<TLanes>.TileRows(config), limits.MaxContextTokens);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    private enum LayerPhase
    {
        AttentionNorm,
        QueryKeyValue,
        StoreKeyValue,
        Attend,
        AttentionOutput,
        MlpNorm,
        GateUp,
        Down,
    }

    public override KvPool Cache => _cache;

    public override long WeightBytesPerStep => _weights.BytesPerStep;

    public override long MultiplyAddsPerToken => _weights.MultiplyAddsPerToken;

    public override int Lanes => TLanes.Count;

    public int PhaseCount => (Config.LayerCount * LayerPhases) + 3;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Step(ReadOnlySpan<SequenceShare> shares)
    {
        _logitCount = 0;
        try
        {
            foreach (ref readonly SequenceShare share in shares)
            {
                _batch.Add(share);
            }

            if (_batch.RowCount > 0)
            {
                Team.Run(this, EstimateNanoseconds());
                _batch.Complete();
                _logitCount = _batch.LogitCount;
            }
        }
        finally
        {
            _batch.Clear();
        }
    }

    public override ReadOnlySpan<float> Logits(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)_logitCount);
        return new ReadOnlySpan<float>(_rows.Logits + ((nint)index * _rows.LogitStride), Config.VocabularySize);
    }

    public int UnitsOf(int phase)
    {
        if (phase == 0)
        {
            return _batch.RowCount;
        }

        if (phase >= PhaseCount - 2)
        {
            return phase == PhaseCount - 2 ? _batch.LogitCount : _batch.LogitCount == 0 ? 0 : Cut(_weights.Head, _batch.LogitCount).Units;
        }

        LayerWeights layer = _weights.Layers[(phase - 1) / LayerPhases];
        return (LayerPhase)((phase - 1) % LayerPhases) switch
        {
            LayerPhase.QueryKeyValue => Cut(layer.QueryKeyValue, _batch.RowCount).Units,
            LayerPhase.Attend => _batch.ItemCount,
            LayerPhase.AttentionOutput => Cut(layer.AttentionOutput, _batch.RowCount).Units,
            LayerPhase.GateUp => CutPairs(layer.GateUp, _batch.RowCount).Units,
            LayerPhase.Down => Cut(layer.Down, _batch.RowCount).Units,
            _ => _batch.RowCount,
        };
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Execute(int phase, int first, int end, int thread)
    {
        if (phase == 0)
        {
            Embed(first, end);
            return;
        }

        int rows = _batch.RowCount;
        if (phase == PhaseCount - 2)
        {
            NormLogitRows(first, end);
            return;
        }

        if (phase == PhaseCount - 1)
        {
            Multiply(_weights.Head, first, end, _rows.Normed, _rows.HiddenStride, _batch.LogitCount, _rows.Logits, _rows.LogitStride, accumulate: false, thread);
            return;
        }

        int layerIndex = (phase - 1) / LayerPhases;
        LayerWeights layer = _weights.Layers[layerIndex];
        switch ((LayerPhase)((phase - 1) % LayerPhases))
        {
            case LayerPhase.AttentionNorm:
                NormRows(layer.AttentionNorm, first, end);
                break;
            case LayerPhase.QueryKeyValue:
                Multiply(layer.QueryKeyValue, first, end, _rows.Normed, _rows.HiddenStride, rows, _rows.QueryKeyValue, _rows.QueryKeyValueStride, accumulate: false, thread);
                break;
            case LayerPhase.StoreKeyValue:
                StoreKeyValue(layer, layerIndex, first, end);
                break;
            case LayerPhase.Attend:
                Attend(layerIndex, first, end, thread);
                break;
            case LayerPhase.AttentionOutput:
                Multiply(layer.AttentionOutput, first, end, _rows.Attention, _rows.AttentionStride, rows, _rows.Hidden, _rows.HiddenStride, accumulate: true, thread);
                break;
            case LayerPhase.MlpNorm:
                NormRows(layer.MlpNorm, first, end);
                break;
            case LayerPhase.GateUp:
                MultiplyGateUp(layer.GateUp, first, end, rows, thread);
                break;
            case LayerPhase.Down:
                Multiply(layer.Down, first, end, _rows.Mlp, _rows.MlpStride, rows, _rows.Hidden, _rows.HiddenStride, accumulate: true, thread);
                break;
        }
    }

    protected override void FreeMemory() => _arena.Dispose();

    private RowBlocks Cut(PackedMatrix matrix, int rows) => RowBlocks.Cut(matrix.PanelCount, rows, Limits.Threads);

    private RowBlocks CutPairs(PackedMatrix matrix, int rows) => RowBlocks.Cut(matrix.PanelCount / 2, rows, Limits.Threads);

    private double EstimateNanoseconds()
    {
        double reading = (_weights.BytesPerStep + (_batch.AttendedTokens * (double)KvPool.BytesPerToken(Config))) / BytesPerNanosecond;
        double computing = _weights.MultiplyAddsPerToken * (double)_batch.RowCount / MultiplyAddsPerNanosecond;
        return Math.Max(reading, computing);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Embed(int first, int end)
    {
        for (int row = first; row < end; row++)
        {
            _weights.Embedding.GatherRow(_batch.Token(row), _rows.Hidden + ((nint)row * _rows.HiddenStride));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void NormRows(float* weight, int first, int end)
    {
        for (int row = first; row < end; row++)
        {
            nint offset = (nint)row * _rows.HiddenStride;
            RowFunctions<TLanes>.RmsNorm(_rows.Hidden + offset, weight, _rows.Normed + offset, Config.HiddenSize, Config.NormEpsilon);
        }
    }

    /// <summary>Gathers the rows whose logits are wanted.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void NormLogitRows(int first, int end)
    {
        for (int i = first; i < end; i++)
        {
            float* hidden = _rows.Hidden + ((nint)_batch.LogitRow(i) * _rows.HiddenStride);
            RowFunctions<TLanes>.RmsNorm(hidden, _weights.FinalNorm, _rows.Normed + ((nint)i * _rows.HiddenStride), Config.HiddenSize, Config.NormEpsilon);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Multiply(
        PackedMatrix matrix, int first, int end, float* input, int inputStride, int rows, float* output, int outputStride, bool accumulate, int thread)
    {
        RowBlocks blocks = Cut(matrix, rows);
        while (first < end)
        {
            blocks.Take(ref first, end, out int panel, out int panelCount, out int row, out int rowCount);
            MatrixProduct<TLanes>.Compute(
                matrix, panel, panelCount, input + ((nint)row * inputStride), inputStride, rowCount, output + ((nint)row * outputStride), outputStride, accumulate, _scratch[thread].Panel);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MultiplyGateUp(PackedMatrix matrix, int first, int end, int rows, int thread)
    {
        int width = matrix.PanelWidth;
        RowBlocks blocks = CutPairs(matrix, rows);
        while (first < end)
        {
            blocks.Take(ref first, end, out int pair, out int pairCount, out int row, out int rowCount);
            float* input = _rows.Normed + ((nint)row * _rows.HiddenStride);
            float* gateUp = _rows.GateUp + ((nint)row * _rows.GateUpStride);
            float* mlp = _rows.Mlp + ((nint)row * _rows.MlpStride);
            for (int p = pair; p < pair + pairCount; p++)
            {
                MatrixProduct<TLanes>.Compute(
                    matrix, 2 * p, 2, input, _rows.HiddenStride, rowCount, gateUp, _rows.GateUpStride, accumulate: false, _scratch[thread].Panel);
                for (int r = 0; r < rowCount; r++)
                {
                    float* gate = gateUp + ((nint)r * _rows.GateUpStride) + ((nint)2 * p * width);
                    RowFunctions<TLanes>.SwiGlu(gate, gate + width, mlp + ((nint)r * _rows.MlpStride) + ((nint)p * width), width);
                }
            }
        }
    }

    /// <summary>Normalises and rotates queries and keys, and stores keys and values in their blocks.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void StoreKeyValue(LayerWeights layer, int layerIndex, int first, int end)
    {
        int headSize = Config.HeadSize;
        int queryHeads = Config.QueryHeads;
        int kvHeads = Config.KvHeads;
        for (int row = first; row < end; row++)
        {
            float* queries = _rows.QueryKeyValue + ((nint)row * _rows.QueryKeyValueStride);
            float* keys = queries + ((nint)queryHeads * headSize);
            float* values = keys + ((nint)kvHeads * headSize);
            int position = _batch.Position(row);
            int slot = position % KvPool.BlockTokens;
            int block = _batch.SequenceOfRow(row).Blocks[position / KvPool.BlockTokens];
            RotateHeads(queries, queryHeads, layer.QueryNorm, position);
            RotateHeads(keys, kvHeads, layer.KeyNorm, position);
            for (int head = 0; head < kvHeads; head++)
            {
                float* storedKeys = _cache.Keys(block, layerIndex, head) + slot;
                float* key = keys + (head * headSize);
                for (int d = 0; d < headSize; d++)
                {
                    storedKeys[d * KvPool.BlockTokens] = key[d];
                }

                float* storedValues = _cache.Values(block, layerIndex, head) + (slot * headSize);
                new ReadOnlySpan<float>(values + (head * headSize), headSize).CopyTo(new Span<float>(storedValues, headSize));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RotateHeads(float* heads, int count, float* norm, int position)
    {
        int headSize = Config.HeadSize;
        for (int head = 0; head < count; head++)
        {
            float* values = heads + (head * headSize);
            if (norm != null)
            {
                RowFunctions<TLanes>.RmsNorm(values, norm, values, headSize, Config.NormEpsilon);
            }

            RowFunctions<TLanes>.Rotate(values, _rotary.Cosines(position), _rotary.Sines(position), headSize / 2);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Attend(int layerIndex, int first, int end, int thread)
    {
        for (int i = first; i < end; i++)
        {
            AttentionItem item = _batch.Item(i);
            _attention.Compute(
                layerIndex,
                item,
                _batch.Sequence(item.Sequence).Blocks,
                _batch.Position(item.Row),
                _rows.QueryKeyValue + ((nint)item.Row * _rows.QueryKeyValueStride),
                _rows.QueryKeyValueStride,
                _rows.Attention + ((nint)item.Row * _rows.AttentionStride),
                _rows.AttentionStride,
                _scratch[thread]);
        }
    }
}
