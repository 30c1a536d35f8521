namespace KvScheduling.OnnxGenAI.Bench;

/// <summary>The native batching engine in the smallest loop that serves all requests at once: no scheduler, nobody waits, nothing is checked.</summary>
internal sealed class BareLoopColumn(OnnxGenAIModel model, bool ownsModel = true) : IColumn
{
    private readonly Dictionary<nint, (int Request, RequestHandle Handle)> _running = [];
    private NativeEngine? _engine;

    public ITextCodec TextCodec => model.TextCodec!;

    /// <summary>Native steps of the latest round.</summary>
    public long Runs => _engine?.Runs ?? 0;

    public Task<Round> RunAsync(int[][] prompts, int maxOutputTokens) => Task.Factory.StartNew(() => Run(prompts, maxOutputTokens), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    public ValueTask DisposeAsync()
    {
        _engine?.Dispose();
        if (ownsModel)
        {
            model.Dispose();
        }

        return default;
    }

    private Round Run(int[][] prompts, int maxOutputTokens)
    {
        // An engine belongs to the thread that made it.
        _engine?.Dispose();
        _engine = NativeEngine.Create(model.Handle);
        RoundClock clock = new(prompts.Length);
        for (int i = 0; i < prompts.Length; i++)
        {
            RequestHandle handle = _engine.CreateRequest();
            _running.Add(handle.Value, (i, handle));
            Begin(handle.Value, prompts[i], maxOutputTokens);
        }

        while (_running.Count > 0)
        {
            int count = _engine.Run();
            for (int i = 0; i < count; i++)
            {
                EngineEvent happened = _engine.GetEvent(i);
                (int request, RequestHandle handle) = _running[happened.Request];
                if ((happened.Flags & EngineEventFlags.Token) != 0)
                {
                    clock.Take(request, happened.Token);
                }

                if ((happened.Flags & EngineEventFlags.TurnFinished) != 0)
                {
                    clock.End(request);
                    _running.Remove(happened.Request);
                    NativeResult.Check(NativeMethods.OgaRequestClose(handle.Value));
                    handle.Dispose();
                }
            }
        }

        return clock.Finish();
    }

    private static unsafe void Begin(nint request, int[] prompt, int maxOutputTokens)
    {
        NativeResult.Check(NativeMethods.OgaRequestCreateTurnOptions(request, out nint options));
        NativeResult.Check(NativeMethods.OgaTurnOptionsSetMaxGeneratedTokens(options, (ulong)maxOutputTokens));
        NativeResult.Check(NativeMethods.OgaTurnOptionsSetDoSample(options, 0));
        fixed (int* ids = prompt)
        {
            NativeResult.Check(NativeMethods.OgaRequestBeginTurn(request, options, ids, (ulong)prompt.Length, out _));
        }

        NativeMethods.OgaDestroyTurnOptions(options);
    }
}
