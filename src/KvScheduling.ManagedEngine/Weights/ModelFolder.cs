namespace KvScheduling.ManagedEngine;

/// <summary>
/// A model folder, opened: its weights, mapped into memory, and its text side. A Hugging Face folder or one of the ONNX Runtime GenAI model builder.
/// </summary>
internal sealed class ModelFolder : IDisposable
{
    private ModelFolder(string modelId, IWeightSource weights, ITextCodec? textCodec)
    {
        ModelId = modelId;
        Weights = weights;
        TextCodec = textCodec;
    }

    /// <summary>The folder's name.</summary>
    public string ModelId { get; }

    public IWeightSource Weights { get; }

    /// <summary>Tokenizer and chat template; <see langword="null"/> when the folder has no <c>tokenizer.json</c>.</summary>
    public ITextCodec? TextCodec { get; }

    /// <summary>Opens a folder and checks everything in it that the engine will need.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="chatTemplateOverride">A Jinja chat template to use in place of the folder's own.</param>
    /// <param name="timeProvider">The clock of templates that write the date.</param>
    /// <exception cref="ModelFolderException">Something is missing, damaged or not supported; the message names it.</exception>
    /// <exception cref="NotSupportedException">The chat template needs something that is not supported; the message names it.</exception>
    public static ModelFolder Open(string folder, string? chatTemplateOverride = null, TimeProvider? timeProvider = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        string path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        if (!Directory.Exists(path))
        {
            throw new ModelFolderException(path, null, "the model folder does not exist.");
        }

        IWeightSource weights = OpenWeights(path);
        try
        {
            return new ModelFolder(Path.GetFileName(path), weights, HfTextCodec.Open(path, chatTemplateOverride, timeProvider ?? TimeProvider.System));
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    public void Dispose() => Weights.Dispose();

    private static IWeightSource OpenWeights(string path)
    {
        bool hasGenAI = File.Exists(Path.Combine(path, GenAIConfig.FileName));
        bool hasHuggingFace = File.Exists(Path.Combine(path, HuggingFaceConfig.FileName));
        try
        {
            if (hasGenAI)
            {
                return OnnxWeights.Open(path, GenAIConfig.Read(path));
            }

            if (hasHuggingFace && SafeTensorsWeights.IsIn(path))
            {
                return SafeTensorsWeights.Open(path, HuggingFaceConfig.Read(path));
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ModelFolderException(path, null, $"the folder can't be read ({exception.Message})", exception);
        }

        string problem = hasHuggingFace
            ? "has config.json but no .safetensors file. Save the model as safetensors; other weight files are not supported."
            : "is neither a Hugging Face folder (config.json and *.safetensors) nor one of the ONNX Runtime GenAI model builder (genai_config.json).";
        throw new ModelFolderException(path, null, problem);
    }
}
