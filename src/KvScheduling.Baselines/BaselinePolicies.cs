using System.Collections.Frozen;

namespace KvScheduling.Baselines;

/// <summary>The schedulers of other engines as policies, to compare with: in the simulator, in <c>kvsched</c> and live.</summary>
/// <remarks>They need an engine that can leave sequences out of a step (<see cref="HoldSupport"/>). Prefixes are not shared.</remarks>
public static class BaselinePolicies
{
    /// <summary>vLLM v1.</summary>
    public const string Vllm = "vllm";

    /// <summary>vLLM v0: batches of prompts first.</summary>
    public const string VllmV0 = "vllm-v0";

    /// <summary>Sarathi-Serve: decodes filled up with chunks of prompts.</summary>
    public const string Sarathi = "sarathi";

    /// <summary>TensorRT-LLM without evictions: the worst case is reserved.</summary>
    public const string TensorRtLlm = "tensorrt-llm";

    /// <summary>SGLang: a share of the output to come is reserved.</summary>
    public const string Sglang = "sglang";

    /// <summary>Orca: a slot of the whole context for everybody.</summary>
    public const string Orca = "orca";

    /// <summary>TensorSharp.</summary>
    public const string TensorSharp = "tensorsharp";

    /// <summary>dotLLM.</summary>
    public const string DotLlm = "dotllm";

    /// <summary>dotLLM's fork with start-time fair tags.</summary>
    public const string DotLlmSfq = "dotllm-sfq";

    /// <summary>AiDotNet.</summary>
    public const string AiDotNet = "aidotnet";

    /// <summary>Foundry Local.</summary>
    public const string Foundry = "foundry";

    /// <summary>ONNX Runtime GenAI's engine with planned preemption.</summary>
    public const string GenAIDecodeFirst = "genai-decode-first";

    /// <summary>A pool of contexts of equal size.</summary>
    public const string Pool = "pool-n";

    /// <summary>One request at a time.</summary>
    public const string Lock = "lock";

    /// <summary>The names of the baselines that stand for .NET libraries and habits.</summary>
    public static IReadOnlyList<string> DotNet { get; } = [TensorSharp, DotLlm, DotLlmSfq, AiDotNet, Foundry, GenAIDecodeFirst, Pool, Lock];

    /// <summary>What makes each baseline, by name; case does not matter.</summary>
    public static IReadOnlyDictionary<string, Func<PolicyContext, ISchedulingPolicy>> All { get; } = new Dictionary<string, Func<PolicyContext, BaselineRules>>
    {
        [Vllm] = static _ => ServerRules.Vllm(),
        [VllmV0] = static _ => ServerRules.VllmV0(),
        [Sarathi] = static _ => ServerRules.Sarathi(),
        [TensorRtLlm] = static _ => ServerRules.TensorRtLlm(),
        [Sglang] = static _ => ServerRules.Sglang(),
        [Orca] = static _ => ServerRules.Orca(),
        [TensorSharp] = static _ => DotNetRules.TensorSharp(),
        [DotLlm] = static _ => DotNetRules.DotLlm(),
        [DotLlmSfq] = DotNetRules.DotLlmSfq,
        [AiDotNet] = static _ => DotNetRules.AiDotNet(),
        [Foundry] = static _ => DotNetRules.Foundry(),
        [GenAIDecodeFirst] = static _ => DotNetRules.GenAIDecodeFirst(),
        [Pool] = static _ => DotNetRules.Pool(),
        [Lock] = static _ => DotNetRules.Lock(),
    }.ToFrozenDictionary(
        static rule => rule.Key,
        static rule => new Func<PolicyContext, ISchedulingPolicy>(context => new BaselinePolicy(rule.Key, () => rule.Value(context))),
        StringComparer.OrdinalIgnoreCase);

    /// <summary>The names of all baselines, in alphabetical order.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. All.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Adds all baselines to a scheduler; <see cref="KvSchedulingOptions.Policy"/> selects one by its name.</summary>
    /// <param name="builder">The builder.</param>
    /// <returns>The builder.</returns>
    public static IKvSchedulingBuilder AddBaselinePolicies(this IKvSchedulingBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        foreach ((string name, Func<PolicyContext, ISchedulingPolicy> create) in All)
        {
            builder.AddPolicy(name, (_, context) => create(context));
        }

        return builder;
    }
}
