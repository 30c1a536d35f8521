namespace KvScheduling.Simulation;

/// <summary>The scheduler's options and the engine's description that settings of a simulation stand for.</summary>
internal static class SimulatedScheduler
{
    public static (KvSchedulingOptions Options, EngineDescription Engine) Describe(string policy, SimulationSettings settings)
    {
        long kvTokens = settings.KvTokens - (settings.KvTokens % settings.BlockTokens);
        int context = (int)Math.Min(settings.MaxContextTokens ?? int.MaxValue, Math.Min(kvTokens, int.MaxValue));
        var options = new KvSchedulingOptions
        {
            Policy = policy,
            MaxRunningRequests = settings.MaxRunningRequests,
            MaxStepTokens = settings.MaxStepTokens,
            PrefillChunkTokens = settings.PrefillChunkTokens,
            CheckInvariants = settings.CheckInvariants,
            RestartsEvicted = settings.Eviction == EvictionMode.Restart,
        };
        settings.Configure?.Invoke(options);
        var engine = new EngineDescription
        {
            EngineName = "virtual",
            ModelId = "virtual",
            KvCapacityTokens = kvTokens,
            BlockTokens = settings.BlockTokens,
            MaxSequences = settings.MaxRunningRequests,
            MaxContextTokens = context,
            MaxStepTokens = int.MaxValue,
            VocabularySize = 1,
            Hold = settings.Hold,
            SupportsChunkedPrefill = settings.PrefillChunkTokens < int.MaxValue,
            SupportsExactResume = true,
        };
        return (options, engine);
    }
}
