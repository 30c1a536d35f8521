namespace KvScheduling.ManagedEngine;

/// <summary>Builds an engine from weights, wherever they come from.</summary>
internal static class ManagedEngineLoader
{
    /// <summary>Copies and packs the weights; the source is no longer needed afterwards.</summary>
    public static ManagedInferenceEngine Load(IWeightSource weights, ITextCodec? textCodec, string modelId, ManagedEngineOptions options)
    {
        options.Validate();
        ModelConfig config = weights.Config;
        ModelConfigCheck.Validate(config);
        int blocks = KvCapacity.ChooseBlocks(options.KvCapacityTokens, config, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
        ModelLimits limits = new()
        {
            KvBlocks = blocks,
            MaxStepTokens = options.MaxStepTokens,
            MaxSequences = options.MaxSequences,
            MaxContextTokens = (int)Math.Min(config.MaxContextTokens, (long)blocks * KvPool.BlockTokens),
            Threads = options.EffectiveThreads,
            WeightFormat = options.WeightFormat,
            MaxVectorBits = options.MaxVectorBits,
        };
        return new ManagedInferenceEngine(TransformerModel.Load(weights, limits), textCodec, modelId);
    }
}
