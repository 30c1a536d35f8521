namespace KvScheduling.OnnxGenAI;

/// <summary>An engine's settings after options and config were put together. Everything is explicit, so that what is reported is what runs.</summary>
internal sealed record EngineSettings
{
    private const int DefaultMaxSequences = 16;
    private const int DefaultMaxStepTokens = 2048;
    private const int DefaultPrefillChunkTokens = 512;
    private const long DefaultKvTokens = 16_384;

    public required bool IsPaged { get; init; }

    public required bool IsCuda { get; init; }

    public required int BlockTokens { get; init; }

    public required long BlockCount { get; init; }

    public required int MaxSequences { get; init; }

    public required int MaxStepTokens { get; init; }

    public required int PrefillChunkTokens { get; init; }

    public long KvCapacityTokens => BlockCount * BlockTokens;

    /// <summary>Puts options and config together.</summary>
    /// <param name="folder">The model.</param>
    /// <param name="options">The options, in range.</param>
    /// <param name="gpuKvTokens">Tokens of KV that fit the GPU; asked only when neither options nor config say.</param>
    /// <exception cref="OnnxGenAIException">They contradict each other; the message names the option.</exception>
    public static EngineSettings Resolve(ModelFolder folder, OnnxGenAIEngineOptions options, Func<long> gpuKvTokens)
    {
        bool isPaged = options.Kind == OnnxGenAIEngineKind.Auto ? folder.IsPaged : options.Kind == OnnxGenAIEngineKind.Paged;
        if (isPaged != folder.IsPaged)
        {
            throw new OnnxGenAIException(isPaged
                ? $"Kind is Paged, but {folder.Path} is not a paged model: its {ModelFolder.ConfigFile} has no engine.dynamic_batching. Build it with use_paged_attention=true, or leave Kind at Auto."
                : $"Kind is Flat, but {folder.Path} is a paged model: its graph takes block tables, which a generator per request does not have. Leave Kind at Auto, or use the model built without paged attention.");
        }

        bool isCuda = options.Provider == OnnxGenAIProvider.Model ? folder.IsCuda : options.Provider == OnnxGenAIProvider.Cuda;
        return isPaged ? Paged(folder, options, isCuda, gpuKvTokens) : Flat(folder, options, isCuda);
    }

    private static EngineSettings Paged(ModelFolder folder, OnnxGenAIEngineOptions options, bool isCuda, Func<long> gpuKvTokens)
    {
        int block = options.BlockTokens ?? folder.BlockSize!.Value;
        long tokens = options.KvTokens
            ?? (folder.BlockCount * block)
            ?? (isCuda ? gpuKvTokens() : Math.Max(DefaultKvTokens, folder.ContextLength));
        long blocks = tokens / block;
        if (blocks < 2 || blocks > int.MaxValue)
        {
            throw new OnnxGenAIException($"KvTokens is {tokens}, but the engine needs from 2 to {int.MaxValue} blocks of {block} tokens: set it to {2 * block} or more.");
        }

        int sequences = options.MaxSequences ?? folder.MaxBatchSize ?? DefaultMaxSequences;
        int step = options.MaxStepTokens ?? folder.MaxScheduledTokens ?? DefaultMaxStepTokens;
        if (step <= sequences)
        {
            throw new OnnxGenAIException(
                $"A step computes {step} tokens, but {sequences} sequences may run and take one each, which leaves none for prompts: raise MaxStepTokens above MaxSequences, or lower MaxSequences.");
        }

        return new EngineSettings
        {
            IsPaged = true,
            IsCuda = isCuda,
            BlockTokens = block,
            BlockCount = blocks,
            MaxSequences = sequences,
            MaxStepTokens = step,
            PrefillChunkTokens = options.PrefillChunkTokens ?? (folder.ChunkSize > 0 ? folder.ChunkSize : DefaultPrefillChunkTokens),
        };
    }

    private static EngineSettings Flat(ModelFolder folder, OnnxGenAIEngineOptions options, bool isCuda)
    {
        int sequences = options.MaxSequences ?? DefaultMaxSequences;
        return new EngineSettings
        {
            IsPaged = false,
            IsCuda = isCuda,
            BlockTokens = 1,
            BlockCount = options.KvTokens ?? (long)sequences * folder.ContextLength,
            MaxSequences = sequences,
            MaxStepTokens = options.MaxStepTokens ?? Math.Max(DefaultMaxStepTokens, sequences + 1),
            PrefillChunkTokens = options.PrefillChunkTokens ?? DefaultPrefillChunkTokens,
        };
    }
}
