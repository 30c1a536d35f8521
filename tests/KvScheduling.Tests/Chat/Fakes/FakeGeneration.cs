namespace KvScheduling.Tests.Chat;

/// <summary>A generation whose tokens a test writes.</summary>
internal sealed class FakeGeneration : IGenerationSource
{
    private static int _count;
    private readonly CancellationToken _cancellationToken;
    private int _tokens;

    public FakeGeneration(GenerationRequest request, CancellationToken cancellationToken)
    {
        Request = request;
        Stream = new TokenStream(4096);
        Id = "req-" + Interlocked.Increment(ref _count);
        _cancellationToken = cancellationToken;
        cancellationToken.Register(Cancel);
    }

    public string Id { get; }

    public GenerationRequest Request { get; }

    public TokenStream Stream { get; }

    public GenerationResult? Result { get; private set; }

    /// <summary>Whether the caller gave it up before its end.</summary>
    public bool WasCancelled { get; private set; }

    /// <summary>Whether the reader said that it has enough, before its end.</summary>
    public bool WasFinished { get; private set; }

    public void Emit(params int[] tokens)
    {
        foreach (int token in tokens)
        {
            Interlocked.Increment(ref _tokens);
            Stream.Write(token);
        }
    }

    public void End(GenerationFinishReason reason = GenerationFinishReason.Stop)
    {
        Result ??= CreateResult(reason);
        Stream.TryEnd(null);
    }

    public void Fail(Exception error) => Stream.TryEnd(error);

    public void Cancel()
    {
        if (Stream.TryEnd(new OperationCanceledException(_cancellationToken)))
        {
            WasCancelled = true;
        }
    }

    public void Finish()
    {
        if (!Stream.IsEnded)
        {
            WasFinished = true;
            End();
        }
    }

    private GenerationResult CreateResult(GenerationFinishReason reason) => new(Array.Empty<int>(), reason, new SchedulingReport
    {
        EngineInstance = "fake-0",
        Policy = SchedulingPolicies.SortedF,
        PromptTokens = Request.PromptTokens.Length,
        OutputTokens = _tokens,
        CachedTokens = 2,
        QueueTime = TimeSpan.FromMilliseconds(5),
    });
}
