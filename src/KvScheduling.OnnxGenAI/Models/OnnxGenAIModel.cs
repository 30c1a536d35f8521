namespace KvScheduling.OnnxGenAI;

/// <summary>A model folder loaded by ONNX Runtime GenAI: weights and tokenizer. Engines on it come and go, so that a lost engine is rebuilt without loading the weights again.</summary>
/// <remarks>Thread-safe. Engines and text codecs made from it stay usable after it was disposed; its memory is freed with the last of them.</remarks>
public sealed class OnnxGenAIModel : IDisposable
{
    private readonly ModelHandle _model;
    private readonly OnnxTextCodec? _textCodec;

    private OnnxGenAIModel(ModelFolder folder, OnnxGenAIEngineOptions options, EngineSettings settings, ModelHandle model, OnnxTextCodec? textCodec)
    {
        Folder = folder;
        Settings = settings;
        SharePrefixes = options.SharePrefixes;
        ModelId = options.ModelId ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(folder.Path));
        _model = model;
        _textCodec = textCodec;
    }

    /// <summary>The model as callers name it.</summary>
    public string ModelId { get; }

    /// <summary>Text to tokens and back; <see langword="null"/> when the folder has no tokenizer.</summary>
    public ITextCodec? TextCodec => _textCodec;

    internal ModelFolder Folder { get; }

    internal EngineSettings Settings { get; }

    internal bool SharePrefixes { get; }

    internal nint Handle => _model.Value;

    /// <summary>Whether a grammar was compiled before; the first one of a model costs up to a third of a second.</summary>
    internal bool IsGuidanceWarm { get; set; }

    /// <summary>Whether a grammar can be compiled: it needs the tokenizer.</summary>
    internal bool SupportsGuidance => _textCodec is not null;

    /// <summary>Loads a model folder, and the native libraries when this is the first one.</summary>
    /// <param name="modelFolder">The folder, as the model builder of onnxruntime-genai writes it.</param>
    /// <param name="options">Settings; <see langword="null"/> for the defaults.</param>
    /// <returns>The model.</returns>
    /// <exception cref="OnnxGenAIException">The native libraries, the folder or the settings are wrong; the message says what, where and the way out.</exception>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">A setting is out of range.</exception>
    public static OnnxGenAIModel Load(string modelFolder, OnnxGenAIEngineOptions? options = null)
    {
        // First of all, because the gate hears of the end of the process only from its first use on.
        ProcessExitGate.Enter();
        try
        {
            options ??= new OnnxGenAIEngineOptions();
            OnnxGenAIEngineOptionsValidator.ThrowIfInvalid(options);
            return Load(ModelFolder.Read(modelFolder, options.ModelFile), options);
        }
        finally
        {
            ProcessExitGate.Exit();
        }
    }

    /// <summary>Builds an engine on the model and runs a warm-up through it. The engine belongs to the calling thread.</summary>
    /// <returns>The engine.</returns>
    /// <exception cref="OnnxGenAIException">The engine could not be built, or the warm-up found that the config does not fit the model's graph.</exception>
    public IInferenceEngine CreateEngine()
    {
        ProcessExitGate.Enter();
        try
        {
            return Settings.IsPaged ? PagedEngine.Create(this) : FlatEngine.Create(this);
        }
        finally
        {
            ProcessExitGate.Exit();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _model.Dispose();

    /// <summary>Keeps the weights for an engine, whenever the model itself is disposed.</summary>
    internal void AddReference()
    {
        bool isAdded = false;
        _model.DangerousAddRef(ref isAdded);
    }

    /// <summary>Gives up what <see cref="AddReference"/> kept.</summary>
    internal void ReleaseReference() => _model.DangerousRelease();

    internal EngineDescription Describe() => new()
    {
        EngineName = Settings.IsPaged ? "onnx-paged" : "onnx-flat",
        ModelId = ModelId,
        KvCapacityTokens = Settings.KvCapacityTokens,
        BlockTokens = Settings.BlockTokens,
        MaxSequences = Settings.MaxSequences,
        MaxContextTokens = Folder.ContextLength,
        MaxStepTokens = Settings.MaxStepTokens,
        VocabularySize = Folder.VocabularySize,
        EndTokens = Folder.EndTokens,
        SupportsExactResume = true,
        SupportsGuidance = SupportsGuidance,
        SupportsPenalties = false,
    };

    private static OnnxGenAIModel Load(ModelFolder folder, OnnxGenAIEngineOptions options)
    {
        NativeLibraryLoader.EnsureLoaded(options.NativeFolder, options.AllowTelemetry);
        CudaDevice? device = null;
        if (options.Provider == OnnxGenAIProvider.Cuda || (options.Provider == OnnxGenAIProvider.Model && folder.IsCuda))
        {
            device = CudaRequirements.Check(NativeLibraryLoader.Loaded!, options.DeviceId);
        }

        EngineSettings settings = EngineSettings.Resolve(folder, options, () => CudaRequirements.KvTokens(device!, folder));
        ModelHandle model = LoadNative(folder, options, settings);
        try
        {
            return new OnnxGenAIModel(folder, options, settings, model, folder.HasTokenizer ? OnnxTextCodec.Create(model, folder) : null);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private static ModelHandle LoadNative(ModelFolder folder, OnnxGenAIEngineOptions options, EngineSettings settings)
    {
        try
        {
            NativeResult.Check(NativeMethods.OgaCreateConfig(folder.Path, out nint config));
            try
            {
                NativeResult.Check(NativeMethods.OgaConfigOverlay(config, ConfigOverlay.Write(folder, options, settings)));
                SetProvider(config, options, settings);
                NativeResult.Check(NativeMethods.OgaCreateModelFromConfig(config, out nint model));
                return new ModelHandle(model);
            }
            finally
            {
                NativeMethods.OgaDestroyConfig(config);
            }
        }
        catch (OnnxGenAIException error)
        {
            throw new OnnxGenAIException($"The model in {folder.Path} could not be loaded: {error.Message}{WayOut(error.Message, settings)}", error);
        }
    }

    private static void SetProvider(nint config, OnnxGenAIEngineOptions options, EngineSettings settings)
    {
        if (settings.IsCuda)
        {
            NativeResult.Check(NativeMethods.OgaConfigClearProviders(config));
            NativeResult.Check(NativeMethods.OgaConfigAppendProvider(config, "cuda"));
            NativeResult.Check(NativeMethods.OgaConfigSetProviderOption(config, "cuda", "device_id", options.DeviceId.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        }
        else if (options.Provider == OnnxGenAIProvider.Cpu)
        {
            NativeResult.Check(NativeMethods.OgaConfigClearProviders(config));
        }
    }

    private static string WayOut(string text, EngineSettings settings)
    {
        if (!settings.IsCuda && text.Contains("PagedAttention", StringComparison.Ordinal))
        {
            return " The model was built for CUDA: its paged attention does not run on the CPU. Set Provider to Cuda, or use a model built for the CPU.";
        }

        return text.Contains("bad_alloc", StringComparison.Ordinal) ? " Memory did not suffice: lower OnnxGenAIEngineOptions.KvTokens or use a smaller model." : string.Empty;
    }
}
