namespace KvScheduling.ManagedEngine;

/// <summary>A tensor that an architecture may have, under its Hugging Face name.</summary>
/// <param name="Name">The name.</param>
/// <param name="Rows">Rows; 1 for a vector.</param>
/// <param name="Columns">The last dimension.</param>
/// <param name="IsVector">Whether the tensor has one dimension.</param>
/// <param name="IsRequired">Whether the model can't be without it.</param>
internal readonly record struct TensorExpectation(string Name, int Rows, int Columns, bool IsVector, bool IsRequired)
{
    /// <summary>Every tensor that a model of this shape may have; any other one means something that is not computed.</summary>
    public static IEnumerable<TensorExpectation> For(ModelConfig config, ArchitectureTraits traits, bool? tiesHead)
    {
        int hidden = config.HiddenSize;
        int queries = config.QueryHeads * config.HeadSize;
        int keys = config.KvHeads * config.HeadSize;
        yield return Matrix("model.embed_tokens.weight", config.VocabularySize, hidden);
        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            string prefix = $"model.layers.{layer}.";
            string attention = prefix + "self_attn.";
            yield return Vector(prefix + "input_layernorm.weight", hidden);
            yield return Matrix(attention + "q_proj.weight", queries, hidden);
            yield return Matrix(attention + "k_proj.weight", keys, hidden);
            yield return Matrix(attention + "v_proj.weight", keys, hidden);
            yield return Vector(attention + "q_proj.bias", queries, traits.HasAttentionBias);
            yield return Vector(attention + "k_proj.bias", keys, traits.HasAttentionBias);
            yield return Vector(attention + "v_proj.bias", keys, traits.HasAttentionBias);
            if (traits.HasHeadNorm)
            {
                yield return Vector(attention + "q_norm.weight", config.HeadSize);
                yield return Vector(attention + "k_norm.weight", config.HeadSize);
            }

            yield return Matrix(attention + "o_proj.weight", hidden, queries);
            yield return Vector(prefix + "post_attention_layernorm.weight", hidden);
            yield return Matrix(prefix + "mlp.gate_proj.weight", config.IntermediateSize, hidden);
            yield return Matrix(prefix + "mlp.up_proj.weight", config.IntermediateSize, hidden);
            yield return Matrix(prefix + "mlp.down_proj.weight", hidden, config.IntermediateSize);
        }

        yield return Vector("model.norm.weight", hidden);
        yield return Matrix("lm_head.weight", config.VocabularySize, hidden) with { IsRequired = tiesHead == false };
    }

    private static TensorExpectation Matrix(string name, int rows, int columns) => new(name, rows, columns, IsVector: false, IsRequired: true);

    private static TensorExpectation Vector(string name, int length, bool isRequired = true) => new(name, 1, length, IsVector: true, isRequired);
}
