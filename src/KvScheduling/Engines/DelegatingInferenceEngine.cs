namespace KvScheduling;

/// <summary>An engine around another one, which does all that a derived class does not: to count, time, hold back or refuse what the scheduler asks for.</summary>
/// <remarks>The scheduler keeps its side of the port's contract with the outer engine, and so must the outer one with the inner.</remarks>
public class DelegatingInferenceEngine : IInferenceEngine
{
    /// <summary>Puts an engine around another one.</summary>
    /// <param name="inner">The engine, which is disposed with this one.</param>
    /// <exception cref="ArgumentNullException"><paramref name="inner"/> is <see langword="null"/>.</exception>
    protected DelegatingInferenceEngine(IInferenceEngine inner)
    {
        ArgumentNullException.ThrowIfNull(inner);
        Inner = inner;
    }

    /// <inheritdoc/>
    public virtual EngineDescription Description => Inner.Description;

    /// <inheritdoc/>
    public virtual ITextCodec? TextCodec => Inner.TextCodec;

    /// <summary>The engine inside.</summary>
    protected IInferenceEngine Inner { get; }

    /// <inheritdoc/>
    public virtual void Start(in SequenceStart start) => Inner.Start(in start);

    /// <inheritdoc/>
    public virtual void Remove(int slot) => Inner.Remove(slot);

    /// <inheritdoc/>
    public virtual int RunStep(ReadOnlySpan<StepItem> plan, Span<StepEvent> events) => Inner.RunStep(plan, events);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Disposes the engine inside.</summary>
    /// <param name="disposing">Whether <see cref="Dispose()"/> was called, rather than a finalizer.</param>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            Inner.Dispose();
        }
    }
}
