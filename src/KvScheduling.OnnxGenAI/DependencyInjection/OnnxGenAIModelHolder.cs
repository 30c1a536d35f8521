namespace KvScheduling.OnnxGenAI;

/// <summary>Keeps a model loaded from the first engine on it to the end of the application.</summary>
internal sealed class OnnxGenAIModelHolder(string modelFolder, OnnxGenAIEngineOptions options) : IDisposable
{
    private readonly Lock _gate = new();
    private OnnxGenAIModel? _model;
    private bool _isDisposed;

    public IInferenceEngine CreateEngine()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);

            // A load that failed is tried again: a missing file may be there the next time.
            _model ??= OnnxGenAIModel.Load(modelFolder, options);
            return _model.CreateEngine();
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            _model?.Dispose();
        }
    }
}
