namespace KvScheduling.ManagedEngine.Tests;

/// <summary>A small random model with every option (biases, head norms, untied head), and its forward pass written down plainly in double precision.</summary>
internal sealed class ReferenceModel
{
    private readonly Dictionary<string, float[][]> _rows = [];

    public ReferenceModel(ModelConfig config, int seed)
    {
        Config = config;
        Weights = new FakeWeights { Config = config };
        int h = config.HiddenSize, q = config.QueryHeads * config.HeadSize, kv = config.KvHeads * config.HeadSize;
        void Add(string name, int rows, int columns, float size) => Weights.Add(name, _rows[name] = FakeWeights.RandomRows(rows, columns, seed + _rows.Count, size));
        Add("model.embed_tokens.weight", config.VocabularySize, h, 1);
        Add("lm_head.weight", config.VocabularySize, h, 0.5f);
        Add("model.norm.weight", 1, h, 1);
        for (int i = 0; i < config.LayerCount; i++)
        {
            string layer = $"model.layers.{i}.";
            Add(layer + "input_layernorm.weight", 1, h, 1);
            Add(layer + "post_attention_layernorm.weight", 1, h, 1);
            foreach ((string name, int rows) in new[] { ("q", q), ("k", kv), ("v", kv) })
            {
                Add($"{layer}self_attn.{name}_proj.weight", rows, h, 0.4f);
                Add($"{layer}self_attn.{name}_proj.bias", 1, rows, 0.4f);
            }

            Add(layer + "self_attn.q_norm.weight", 1, config.HeadSize, 1);
            Add(layer + "self_attn.k_norm.weight", 1, config.HeadSize, 1);
            Add(layer + "self_attn.o_proj.weight", h, q, 0.4f);
            Add(layer + "mlp.gate_proj.weight", config.IntermediateSize, h, 0.4f);
            Add(layer + "mlp.up_proj.weight", config.IntermediateSize, h, 0.4f);
            Add(layer + "mlp.down_proj.weight", h, config.IntermediateSize, 0.4f);
        }
    }

    public ModelConfig Config { get; }

    public FakeWeights Weights { get; }

    /// <summary>The logits behind the last token.</summary>
    public double[] Logits(int[] tokens)
    {
        double[][] x = tokens.Select(t => _rows["model.embed_tokens.weight"][t].Select(v => (double)v).ToArray()).ToArray();
        for (int i = 0; i < Config.LayerCount; i++)
        {
            string layer = $"model.layers.{i}.";
            double[][] attended = Attend(x.Select(row => Norm(row, layer + "input_layernorm.weight")).ToArray(), layer + "self_attn.");
            for (int t = 0; t < x.Length; t++)
            {
                x[t] = Sum(x[t], Multiply(attended[t], layer + "self_attn.o_proj"));
                double[] normed = Norm(x[t], layer + "post_attention_layernorm.weight");
                double[] up = Multiply(normed, layer + "mlp.up_proj");
                double[] mlp = Multiply(normed, layer + "mlp.gate_proj").Select((g, j) => g / (1 + Math.Exp(-g)) * up[j]).ToArray();
                x[t] = Sum(x[t], Multiply(mlp, layer + "mlp.down_proj"));
            }
        }

        return Multiply(Norm(x[^1], "model.norm.weight"), "lm_head");
    }

    private static double[] Sum(double[] a, double[] b) => a.Zip(b, (u, v) => u + v).ToArray();

    private double[] Multiply(double[] x, string name)
    {
        float[]? bias = _rows.TryGetValue(name + ".bias", out float[][]? b) ? b[0] : null;
        return _rows[name + ".weight"].Select((row, i) => row.Select((w, k) => w * x[k]).Sum() + (bias?[i] ?? 0)).ToArray();
    }

    private double[] Norm(double[] x, string name)
    {
        double rms = Math.Sqrt(x.Average(v => v * v) + Config.NormEpsilon);
        return x.Select((v, i) => v / rms * _rows[name][0][i]).ToArray();
    }

    private double[][] Attend(double[][] x, string name)
    {
        int size = Config.HeadSize;
        double[][][] Heads(string projection, string? norm, int count) => x.Select((row, position) =>
        {
            double[] all = Multiply(row, name + projection);
            return Enumerable.Range(0, count).Select(h =>
            {
                double[] head = all[(h * size)..((h + 1) * size)];
                return norm is null ? head : Rotate(Norm(head, name + norm), position);
            }).ToArray();
        }).ToArray();
        double[][][] q = Heads("q_proj", "q_norm.weight", Config.QueryHeads);
        double[][][] k = Heads("k_proj", "k_norm.weight", Config.KvHeads);
        double[][][] v = Heads("v_proj", null, Config.KvHeads);
        int group = Config.QueryHeads / Config.KvHeads;
        return x.Select((_, t) => Enumerable.Range(0, Config.QueryHeads).SelectMany(h =>
        {
            double[] weights = Enumerable.Range(0, t + 1).Select(s => Math.Exp(q[t][h].Zip(k[s][h / group], (a, b) => a * b).Sum() / Math.Sqrt(size))).ToArray();
            double sum = weights.Sum();
            return Enumerable.Range(0, size).Select(d => weights.Select((w, s) => w * v[s][h / group][d]).Sum() / sum);
        }).ToArray()).ToArray();
    }

    private double[] Rotate(double[] head, int position)
    {
        int half = head.Length / 2;
        double Angle(int i) => position / Math.Pow(Config.RopeTheta, 2.0 * i / head.Length);
        return head.Select((_, i) => i < half
            ? (head[i] * Math.Cos(Angle(i))) - (head[i + half] * Math.Sin(Angle(i)))
            : (head[i] * Math.Cos(Angle(i - half))) + (head[i - half] * Math.Sin(Angle(i - half)))).ToArray();
    }
}
