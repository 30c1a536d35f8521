namespace KvScheduling;

/// <summary>The port to an inference engine: sequences in numbered slots, advanced by steps that the scheduler composes.</summary>
/// <remarks>
/// <para>Single-threaded by contract: after construction every member but <see cref="Description"/> and <see cref="TextCodec"/> is called from one thread at a time, the loop's.</para>
/// <para>The scheduler owns admission and memory arithmetic: it never starts a sequence or plans a step that its ledger says does not fit. The engine owns KV storage, the forward pass and sampling.
/// It emits every sampled token, end tokens included, and never decides that a sequence is over.</para>
/// <para>Exact resume: starting a sequence with a prompt and the output so far continues as if it had never been removed.</para>
/// </remarks>
public interface IInferenceEngine : IDisposable
{
    /// <summary>What the engine is and can do. Constant over its life.</summary>
    EngineDescription Description { get; }

    /// <summary>Text to tokens and back for the engine's model, callable from any thread; <see langword="null"/> when the engine has no text side.</summary>
    ITextCodec? TextCodec { get; }

    /// <summary>Puts a sequence into a free slot, or continues a parked one in its own slot. Computes nothing yet.</summary>
    /// <param name="start">The sequence. Its spans are only valid during the call.</param>
    /// <exception cref="EngineFaultException">The engine can't go on.</exception>
    void Start(in SequenceStart start);

    /// <summary>Frees the slot and the KV that only it holds. The sequence may be running, held or parked.</summary>
    /// <param name="slot">A slot that was started.</param>
    void Remove(int slot);

    /// <summary>Runs one iteration.</summary>
    /// <param name="plan">The sequences that advance, each once. A started sequence that is not named is held: it keeps its KV and does not advance.</param>
    /// <param name="events">Receives at most one event per advanced sequence; at least as long as <paramref name="plan"/>.</param>
    /// <returns>The number of events written.</returns>
    /// <exception cref="EngineFaultException">The step failed; when fatal, the engine is unusable and only <see cref="IDisposable.Dispose"/> is called on it.</exception>
    /// <remarks>Any exception leaves the planned sequences undefined: the scheduler removes and resumes them.</remarks>
    int RunStep(ReadOnlySpan<StepItem> plan, Span<StepEvent> events);
}
