namespace KvScheduling.ManagedEngine;

/// <summary>Loads models into the managed engine: Llama-family inference in C#, without native libraries.</summary>
public static class ManagedEngine
{
    /// <summary>Loads a model folder: one of Hugging Face (<c>config.json</c>, <c>*.safetensors</c>, <c>tokenizer.json</c>), or one of the ONNX Runtime GenAI model builder for CPU.</summary>
    /// <param name="modelFolder">The folder. Llama, SmolLM2, Mistral, Qwen2 and Qwen3 (dense) models are supported.</param>
    /// <param name="options">Settings; <see langword="null"/> for the defaults. Later changes have no effect.</param>
    /// <returns>The engine. Dispose it to free its memory and threads.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of range.</exception>
    /// <exception cref="ModelFolderException">The folder is incomplete, damaged or of an unknown kind; the message names file and field.</exception>
    /// <exception cref="NotSupportedException">The model's shape, or its chat template, is not supported.</exception>
    /// <exception cref="PlatformNotSupportedException">The processor has no fused multiply-add.</exception>
    /// <exception cref="InsufficientMemoryException">The model does not fit into memory.</exception>
    public static IInferenceEngine Load(string modelFolder, ManagedEngineOptions? options = null)
    {
        options ??= new ManagedEngineOptions();
        options.Validate();
        using ModelFolder folder = ModelFolder.Open(modelFolder, options.ChatTemplateOverride);
        return ManagedEngineLoader.Load(folder.Weights, folder.TextCodec, folder.ModelId, options);
    }
}
