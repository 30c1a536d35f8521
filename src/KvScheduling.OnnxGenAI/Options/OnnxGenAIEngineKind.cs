namespace KvScheduling.OnnxGenAI;

/// <summary>How requests share a model.</summary>
public enum OnnxGenAIEngineKind
{
    /// <summary>Paged when the model's <c>genai_config.json</c> has <c>engine.dynamic_batching</c>, else flat.</summary>
    Auto,

    /// <summary>Continuous batching over a paged KV pool; needs a model built with paged attention.</summary>
    Paged,

    /// <summary>One native generator per request, stepped in turn; for models without paged attention. Requests wait less for each other, but nothing is computed together.</summary>
    Flat,
}
