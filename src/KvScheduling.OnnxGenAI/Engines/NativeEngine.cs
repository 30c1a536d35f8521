using System.Diagnostics;

namespace KvScheduling.OnnxGenAI;

/// <summary>One event of a native step, copied out: the native one is valid only until the next run.</summary>
internal readonly record struct EngineEvent(EngineEventFlags Flags, EngineErrorCode Code, nint Request, ulong TurnId, int Token, TurnFinishReason Reason);

/// <summary>A native batching engine and its event buffer. Belongs to the thread that created it; the native side enforces that.</summary>
internal sealed class NativeEngine : IDisposable
{
    private readonly EngineHandle _engine;
    private readonly EventBufferHandle _buffer;

    private NativeEngine(EngineHandle engine, EventBufferHandle buffer, ulong maxRequestLength)
    {
        _engine = engine;
        _buffer = buffer;
        MaxRequestLength = maxRequestLength;
        OwnerThread = Environment.CurrentManagedThreadId;
    }

    public int OwnerThread { get; }

    /// <summary>The most tokens a request may hold: the context, or what the whole pool holds and one more.</summary>
    public ulong MaxRequestLength { get; }

    /// <summary>Time spent inside native steps, in ticks of <see cref="Stopwatch"/>: what the rest of a step takes is ours to answer for.</summary>
    public long NativeTicks { get; private set; }

    /// <summary>Native steps so far, those that only delivered events included.</summary>
    public long Runs { get; private set; }

    /// <summary>Creates an engine on a model; allocates its whole KV pool.</summary>
    public static NativeEngine Create(nint model)
    {
        NativeResult.Check(NativeMethods.OgaCreateEngine(model, out nint created));
        EngineHandle engine = new(created);
        try
        {
            NativeResult.Check(NativeMethods.OgaEngineGetCapabilities(created, out nint capabilities));
            nuint rows = NativeMethods.OgaEngineCapabilitiesGetConfiguredMaxBatchSize(capabilities);
            ulong longest = NativeMethods.OgaEngineCapabilitiesGetMaxRequestLength(capabilities);
            NativeMethods.OgaDestroyEngineCapabilities(capabilities);
            NativeResult.Check(NativeMethods.OgaEngineMaxDraftTokensPerProposal(created, out nuint drafts));

            // With this much room every run delivers all it has, so that one run is one step.
            NativeResult.Check(NativeMethods.OgaCreateEngineEventBuffer(created, (rows * (drafts + 1)) + (2 * rows), out nint buffer));
            return new NativeEngine(engine, new EventBufferHandle(buffer), longest);
        }
        catch
        {
            engine.Dispose();
            throw;
        }
    }

    /// <summary>Runs one step, or delivers events that are due.</summary>
    /// <returns>The number of events.</returns>
    /// <exception cref="OnnxGenAIException">The engine is dead.</exception>
    public int Run()
    {
        long start = Stopwatch.GetTimestamp();
        nint result = NativeMethods.OgaEngineRun(_engine.Value, _buffer.Value);
        Runs++;
        NativeTicks += Stopwatch.GetTimestamp() - start;
        NativeResult.Check(result);
        return (int)NativeMethods.OgaEngineEventBufferGetCount(_buffer.Value);
    }

    /// <summary>An event of the latest run. A field that its flags do not announce is zero.</summary>
    public EngineEvent GetEvent(int index)
    {
        nint native = NativeMethods.OgaEngineEventBufferGet(_buffer.Value, (nuint)index);
        NativeResult.Check(NativeMethods.OgaEngineEventGetFlags(native, out EngineEventFlags flags));
        NativeResult.Check(NativeMethods.OgaEngineEventGetRequest(native, out nint request));
        NativeResult.Check(NativeMethods.OgaEngineEventGetTurnId(native, out ulong turn));
        int token = 0;
        TurnFinishReason reason = TurnFinishReason.None;
        EngineErrorCode code = EngineErrorCode.None;
        if ((flags & EngineEventFlags.Token) != 0)
        {
            NativeResult.Check(NativeMethods.OgaEngineEventGetToken(native, out token));
        }

        if ((flags & EngineEventFlags.TurnFinished) != 0)
        {
            NativeResult.Check(NativeMethods.OgaEngineEventGetFinishReason(native, out reason));
        }

        if ((flags & (EngineEventFlags.Failed | EngineEventFlags.CapacityBlocked | EngineEventFlags.Retryable)) != 0)
        {
            NativeResult.Check(NativeMethods.OgaEngineEventGetErrorCode(native, out code));
        }

        return new EngineEvent(flags, code, request, turn, token, reason);
    }

    public RequestHandle CreateRequest()
    {
        NativeResult.Check(NativeMethods.OgaCreateRequestOptions(out nint options));
        try
        {
            NativeResult.Check(NativeMethods.OgaRequestOptionsSetMaxSessionTokens(options, MaxRequestLength));
            NativeResult.Check(NativeMethods.OgaEngineCreateRequest(_engine.Value, options, out nint request));
            return new RequestHandle(request);
        }
        finally
        {
            NativeMethods.OgaDestroyRequestOptions(options);
        }
    }

    public void Dispose()
    {
        _buffer.Dispose();
        _engine.Dispose();
    }
}
