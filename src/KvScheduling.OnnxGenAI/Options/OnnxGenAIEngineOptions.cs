namespace KvScheduling.OnnxGenAI;

/// <summary>Settings of an engine on ONNX Runtime GenAI. What is not set comes from the model's <c>genai_config.json</c>.</summary>
public sealed class OnnxGenAIEngineOptions
{
    /// <summary>The model as callers name it.</summary>
    /// <value>The default value is <see langword="null"/>: the name of the model's folder.</value>
    public string? ModelId { get; set; }

    /// <summary>The graph's file inside the model's folder.</summary>
    /// <value>A file name. The default value is <see langword="null"/>: <c>model.decoder.filename</c> of the model's config.</value>
    public string? ModelFile { get; set; }

    /// <summary>How requests share the model.</summary>
    /// <value>The default value is <see cref="OnnxGenAIEngineKind.Auto"/>.</value>
    public OnnxGenAIEngineKind Kind { get; set; }

    /// <summary>Where the model runs.</summary>
    /// <value>The default value is <see cref="OnnxGenAIProvider.Model"/>.</value>
    public OnnxGenAIProvider Provider { get; set; }

    /// <summary>The GPU, as CUDA numbers them; ignored on the CPU.</summary>
    /// <value>From 0 to 63. The default value is 0.</value>
    public int DeviceId { get; set; }

    /// <summary>Threads that compute one operator on the CPU.</summary>
    /// <value>From 1 to 1024. The default value is <see langword="null"/>: what the model's config says.</value>
    public int? Threads { get; set; }

    /// <summary>Room in the KV cache, in tokens; rounded down to whole blocks. A paged engine allocates it when it is built.</summary>
    /// <value>
    /// At least 2 blocks. The default value is <see langword="null"/>: for a paged engine what the model's config says, else 16,384 tokens or one whole context, whichever is more (on CUDA: 60 % of the GPU's memory
    /// less the weights); for a flat engine one whole context per sequence.
    /// </value>
    public long? KvTokens { get; set; }

    /// <summary>Tokens per KV block of a paged engine. It is a dimension of the model's graph, so a value that differs from it is found by the warm-up and refused.</summary>
    /// <value>From 1 to 65,536. The default value is <see langword="null"/>: what the model's config says. A flat engine has no blocks and ignores it.</value>
    public int? BlockTokens { get; set; }

    /// <summary>The most sequences that hold KV at once.</summary>
    /// <value>From 1 to 1024. The default value is <see langword="null"/>: for a paged engine what the model's config says, else 16; for a flat engine 16.</value>
    public int? MaxSequences { get; set; }

    /// <summary>The most tokens computed in one step. Running sequences take one each and prompts share the rest, so it must be above <see cref="MaxSequences"/>.</summary>
    /// <value>From 2 to 1,048,576. The default value is <see langword="null"/>: for a paged engine what the model's config says, else 2048; for a flat engine 2048.</value>
    public int? MaxStepTokens { get; set; }

    /// <summary>The most tokens of one prompt that a paged engine computes in one step. It divides its steps by itself; with the scheduler's own <see cref="KvSchedulingOptions.PrefillChunkTokens"/> here it divides them as planned.</summary>
    /// <value>From 1 to 1,048,576. The default value is <see langword="null"/>: what the model's config says, else 512. A flat engine takes any chunk and ignores it.</value>
    public int? PrefillChunkTokens { get; set; }

    /// <summary>Whether the paged engine keeps an index of computed blocks, so that equal beginnings of prompts are computed once and a held or evicted sequence comes back at the cost of one block.</summary>
    /// <remarks>The native index knows no tenants: how fast an answer begins can tell one caller what another has asked. Turn it on only where all callers may know that; <see cref="KvSchedulingOptions.PrefixScope"/> must then be <see cref="PrefixScope.Public"/>.</remarks>
    /// <value>The default value is <see langword="false"/>.</value>
    public bool SharePrefixes { get; set; }

    /// <summary>The folder with the native libraries.</summary>
    /// <value>The default value is <see langword="null"/>: the folder in the environment variable <c>KV_SCHEDULING_NATIVE</c>, else the application's <c>runtimes/</c> folder and base directory.</value>
    public string? NativeFolder { get; set; }

    /// <summary>Whether the native libraries may send telemetry to their vendor. The first engine of a process decides for all.</summary>
    /// <value>The default value is <see langword="false"/>.</value>
    public bool AllowTelemetry { get; set; }
}
