namespace KvScheduling.ManagedEngine;

/// <summary>All weights of a Llama-family model, packed for one vector width.</summary>
internal sealed unsafe class TransformerWeights
{
    private readonly NativeArena _arena;
    private readonly IWeightSource _source;
    private readonly WeightFormat _format;
    private readonly int _panelWidth;
    private readonly MatrixPacker _packer;

    private TransformerWeights(NativeArena arena, IWeightSource source, WeightFormat format, int panelWidth)
    {
        _arena = arena;
        _source = source;
        _format = format;
        _panelWidth = panelWidth;
        _packer = new MatrixPacker(source);
    }

    public LayerWeights[] Layers { get; private set; } = [];

    public PackedMatrix Embedding { get; private set; } = null!;

    public float* FinalNorm { get; private set; }

    /// <summary>The output head; the embedding itself where the model ties them.</summary>
    public PackedMatrix Head { get; private set; } = null!;

    /// <summary>Bytes of weights that a step of one token reads.</summary>
    public long BytesPerStep { get; private set; }

    /// <summary>Multiply-adds of one token in the matrix products, the head included.</summary>
    public long MultiplyAddsPerToken { get; private set; }

    /// <summary>Reads and packs a model.</summary>
    public static TransformerWeights Load(NativeArena arena, IWeightSource source, WeightFormat format, int panelWidth)
    {
        TransformerWeights weights = new(arena, source, format, panelWidth);
        weights.Load();
        return weights;
    }

    private void Load()
    {
        ModelConfig config = _source.Config;
        Layers = new LayerWeights[config.LayerCount];
        for (int i = 0; i < Layers.Length; i++)
        {
            LayerWeights layer = LoadLayer(config, $"model.layers.{i}.");
            Layers[i] = layer;
            Count(layer.QueryKeyValue);
            Count(layer.AttentionOutput);
            Count(layer.GateUp);
            Count(layer.Down);
        }

        FinalNorm = Vector("model.norm.weight", config.HiddenSize);
        Embedding = Matrix(config.VocabularySize, config.HiddenSize, "model.embed_tokens.weight");
        Head = _source.Contains("lm_head.weight") ? Matrix(config.VocabularySize, config.HiddenSize, "lm_head.weight") : Embedding;
        Count(Head);
    }

    private LayerWeights LoadLayer(ModelConfig config, string layer)
    {
        string attention = layer + "self_attn.";
        string mlp = layer + "mlp.";
        return new LayerWeights
        {
            AttentionNorm = Vector(layer + "input_layernorm.weight", config.HiddenSize),
            MlpNorm = Vector(layer + "post_attention_layernorm.weight", config.HiddenSize),
            QueryNorm = OptionalVector(attention + "q_norm.weight", config.HeadSize),
            KeyNorm = OptionalVector(attention + "k_norm.weight", config.HeadSize),
            QueryKeyValue = LoadQueryKeyValue(config, attention),
            AttentionOutput = Matrix(config.HiddenSize, config.QueryHeads * config.HeadSize, attention + "o_proj.weight"),
            GateUp = LoadGateUp(config, mlp),
            Down = Matrix(config.HiddenSize, config.IntermediateSize, mlp + "down_proj.weight"),
        };
    }

    private PackedMatrix LoadQueryKeyValue(ModelConfig config, string attention)
    {
        int queries = config.QueryHeads * config.HeadSize;
        int keys = config.KvHeads * config.HeadSize;
        string[] names = [attention + "q_proj", attention + "k_proj", attention + "v_proj"];
        bool hasBias = names.Any(name => _source.Contains(name + ".bias"));
        PackedMatrix matrix = new(
            _arena, queries + (2 * keys), config.HiddenSize, _panelWidth, Stored(names.Select(name => name + ".weight")), hasBias);
        _packer.Pack(matrix, output => output < queries ? new WeightRow(names[0] + ".weight", output)
            : output < queries + keys ? new WeightRow(names[1] + ".weight", output - queries)
            : new WeightRow(names[2] + ".weight", output - queries - keys));
        ReadBias(names[0], matrix.Bias, queries);
        ReadBias(names[1], matrix.Bias + queries, keys);
        ReadBias(names[2], matrix.Bias + queries + keys, keys);
        return matrix;
    }

    private PackedMatrix LoadGateUp(ModelConfig config, string mlp)
    {
        string gate = mlp + "gate_proj.weight";
        string up = mlp + "up_proj.weight";
        int panels = (config.IntermediateSize + _panelWidth - 1) / _panelWidth;
        PackedMatrix matrix = new(_arena, 2 * panels * _panelWidth, config.HiddenSize, _panelWidth, Stored([gate, up]), hasBias: false);
        _packer.Pack(matrix, output =>
        {
            int panel = output / _panelWidth;
            int row = (panel / 2 * _panelWidth) + (output % _panelWidth);
            return row < config.IntermediateSize ? new WeightRow(panel % 2 == 0 ? gate : up, row) : WeightRow.Padding;
        });
        return matrix;
    }

    private PackedMatrix Matrix(int outputs, int inputs, string name)
    {
        PackedMatrix matrix = new(_arena, outputs, inputs, _panelWidth, Stored([name]), hasBias: false);
        _packer.Pack(matrix, output => new WeightRow(name, output));
        return matrix;
    }

    private StoredFormat Stored(IEnumerable<string> names) => _format switch
    {
        WeightFormat.Auto => names.All(_source.IsInt4) ? StoredFormat.Int4 : StoredFormat.Float32,
        WeightFormat.Float32 => StoredFormat.Float32,
        WeightFormat.BFloat16 => StoredFormat.BFloat16,
        WeightFormat.Int8 => StoredFormat.Int8,
        _ => StoredFormat.Int4,
    };

    private float* Vector(string name, int count)
    {
        float* vector = _arena.Floats(count, "norm weights");
        _source.ReadRow(name, 0, new Span<float>(vector, count));
        return vector;
    }

    private float* OptionalVector(string name, int count) => _source.Contains(name) ? Vector(name, count) : null;

    private void ReadBias(string projection, float* bias, int count)
    {
        if (_source.Contains(projection + ".bias"))
        {
            _source.ReadRow(projection + ".bias", 0, new Span<float>(bias, count));
        }
    }

    private void Count(PackedMatrix matrix)
    {
        BytesPerStep += matrix.Bytes;
        MultiplyAddsPerToken += (long)matrix.Outputs * matrix.Inputs;
    }
}
