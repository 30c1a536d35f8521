namespace KvScheduling.ManagedEngine;

/// <summary>What the supported architectures have and haven't. They share everything else: RMS norm, rotate-half RoPE, grouped attention, SwiGLU.</summary>
/// <param name="Name">The family's name.</param>
/// <param name="HasAttentionBias">Whether q, k and v have biases without a flag in the configuration saying so.</param>
/// <param name="HasHeadNorm">Whether each head of q and k is normalised before it is rotated.</param>
/// <param name="DefaultHeadSize">The head size when the configuration has none; 0 for hidden size / heads.</param>
internal sealed record ArchitectureTraits(string Name, bool HasAttentionBias, bool HasHeadNorm, int DefaultHeadSize)
{
    private static readonly ArchitectureTraits Llama = new("llama", HasAttentionBias: false, HasHeadNorm: false, DefaultHeadSize: 0);
    private static readonly ArchitectureTraits Mistral = new("mistral", HasAttentionBias: false, HasHeadNorm: false, DefaultHeadSize: 0);
    private static readonly ArchitectureTraits Qwen2 = new("qwen2", HasAttentionBias: true, HasHeadNorm: false, DefaultHeadSize: 0);
    private static readonly ArchitectureTraits Qwen3 = new("qwen3", HasAttentionBias: false, HasHeadNorm: true, DefaultHeadSize: 128);

    public const string Supported = "LlamaForCausalLM, MistralForCausalLM, Qwen2ForCausalLM, Qwen3ForCausalLM";

    public const string SupportedTypes = "llama, mistral, qwen2, qwen3";

    public static ArchitectureTraits? FromHuggingFace(string architecture) => architecture switch
    {
        "LlamaForCausalLM" => Llama,
        "MistralForCausalLM" => Mistral,
        "Qwen2ForCausalLM" => Qwen2,
        "Qwen3ForCausalLM" => Qwen3,
        _ => null,
    };

    public static ArchitectureTraits? FromGenAI(string modelType) => modelType switch
    {
        "llama" => Llama,
        "mistral" => Mistral,
        "qwen2" => Qwen2,
        "qwen3" => Qwen3,
        _ => null,
    };
}
