namespace KvScheduling.OnnxGenAI;

/// <summary>Builds a native engine and runs a first turn through it: a config that does not fit the graph kills an engine at its first step, and a user's request should not be the one to find out.</summary>
internal static class PagedWarmUp
{
    private const int Tokens = 2;
    private const int MostRuns = 16;

    public static NativeEngine CreateEngine(OnnxGenAIModel model)
    {
        NativeEngine engine = Create(model);
        try
        {
            CheckPool(model, engine);
            Run(engine, model, schema: null);
            if (model.SupportsGuidance && !model.IsGuidanceWarm)
            {
                // The first grammar of a model reads the tokenizer's whole vocabulary, a stall that no running request should see.
                Run(engine, model, schema: "{}");
                model.IsGuidanceWarm = true;
            }

            return engine;
        }
        catch (OnnxGenAIException error)
        {
            engine.Dispose();
            throw Wrong(model, error);
        }
    }

    private static NativeEngine Create(OnnxGenAIModel model)
    {
        try
        {
            return NativeEngine.Create(model.Handle);
        }
        catch (OnnxGenAIException error)
        {
            EngineSettings settings = model.Settings;
            throw new OnnxGenAIException(
                $"The engine on {model.Folder.Path} could not be built with a KV pool of {settings.KvCapacityTokens:N0} tokens in {settings.BlockCount:N0} blocks: {error.Message}. "
                + "If memory did not suffice, lower OnnxGenAIEngineOptions.KvTokens.", error);
        }
    }

    private static void CheckPool(OnnxGenAIModel model, NativeEngine engine)
    {
        ulong expected = (ulong)Math.Min(model.Folder.ContextLength, model.Settings.KvCapacityTokens + 1);
        if (engine.MaxRequestLength != expected)
        {
            throw new OnnxGenAIException($"it reports room for requests of {engine.MaxRequestLength:N0} tokens where {expected:N0} were asked for");
        }
    }

    private static void Run(NativeEngine engine, OnnxGenAIModel model, string? schema)
    {
        SequenceStart start = new()
        {
            Slot = 0,
            Prompt = [0],
            MaxTotalTokens = 1 + Tokens,
            Sampling = SamplingSettings.Greedy,
            Constraint = schema is null ? null : new OutputConstraint(OutputConstraintKind.JsonSchema, schema),
        };
        using PagedSequence sequence = new(start);
        sequence.Begin(engine, model.Folder.VocabularySize);
        for (int run = 0; run < MostRuns; run++)
        {
            int count = engine.Run();
            for (int i = 0; i < count; i++)
            {
                EngineEvent happened = engine.GetEvent(i);
                if ((happened.Flags & EngineEventFlags.Failed) != 0)
                {
                    throw new OnnxGenAIException($"the first step failed ({happened.Code})");
                }

                if ((happened.Flags & EngineEventFlags.TurnFinished) != 0)
                {
                    return;
                }
            }
        }

        throw new OnnxGenAIException($"{MostRuns} steps gave no answer");
    }

    private static OnnxGenAIException Wrong(OnnxGenAIModel model, Exception error) =>
        new(
            $"The warm-up of the engine on {model.Folder.Path} failed: {error.Message}. The usual cause is a {ModelFolder.ConfigFile} that does not fit the model's graph: check model.vocab_size ({model.Folder.VocabularySize}), "
            + $"engine.dynamic_batching.block_size ({model.Settings.BlockTokens}; OnnxGenAIEngineOptions.BlockTokens must equal the graph's dimension) and that the graph takes block tables.", error);
}
