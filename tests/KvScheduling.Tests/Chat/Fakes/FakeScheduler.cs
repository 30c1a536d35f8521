namespace KvScheduling.Tests.Chat;

/// <summary>A scheduler whose answers a test writes.</summary>
internal sealed class FakeScheduler : IKvScheduler, IDisposable
{
    private readonly Action<FakeGeneration> _answer;
    private readonly List<FakeGeneration> _generations = [];
    private bool _isStarted;

    /// <param name="codec">The tokenizer.</param>
    /// <param name="answer">Called with every submitted request, on the caller's thread.</param>
    public FakeScheduler(FakeCodec? codec = null, Action<FakeGeneration>? answer = null)
    {
        Codec = codec ?? new FakeCodec();
        _answer = answer ?? (static generation => generation.End());
    }

    public static FakeScheduler Saying(string text, FakeCodec? codec = null, GenerationFinishReason reason = GenerationFinishReason.Stop)
    {
        FakeCodec used = codec ?? new FakeCodec();
        return new FakeScheduler(used, generation =>
        {
            generation.Emit(used.Encode(text));
            generation.End(reason);
        });
    }

    public FakeCodec Codec { get; }

    public bool HasCodec { get; init; } = true;

    public bool SupportsGuidance { get; init; }

    public bool SupportsPenalties { get; init; } = true;

    public Door Door { get; init; } = new(1000, long.MaxValue);

    public bool WasDisposed { get; private set; }

    /// <summary>What happened, in order.</summary>
    public List<string> Events { get; } = [];

    public FakeGeneration Only => Assert.Single(_generations);

    public IReadOnlyList<FakeGeneration> Generations => _generations;

    public Exception? SubmitError { get; init; }

    public EngineDescription Engine => _isStarted ? Describe() : throw new InvalidOperationException("The scheduler has not started.");

    public ITextCodec? TextCodec => _isStarted ? HasCodec ? Codec : null : throw new InvalidOperationException("The scheduler has not started.");

    public Task StartAsync(CancellationToken cancellationToken = default)
    {
        _isStarted = true;
        return Task.CompletedTask;
    }

    public QueuePlace Reserve()
    {
        lock (Events)
        {
            Events.Add($"reserve after {Codec.Rendered.Count} renderings and {Codec.Encoded.Count} encodings");
        }

        DoorAnswer answer = Door.TryEnter();
        return answer == DoorAnswer.Open ? new QueuePlace(Door, 0) : throw Door.Refusal(answer, TimeSpan.FromSeconds(3));
    }

    public Generation Submit(GenerationRequest request, QueuePlace? place = null, CancellationToken cancellationToken = default)
    {
        if (SubmitError is not null)
        {
            place?.Dispose();
            throw SubmitError;
        }

        Assert.NotNull(place);
        Assert.True(place.TryTake());
        Door.Leave(0);
        FakeGeneration generation = new(request, cancellationToken);
        lock (Events)
        {
            Events.Add("submit");
            _generations.Add(generation);
        }

        _answer(generation);
        return new Generation(generation);
    }

    public IAsyncEnumerable<BacklogResult> DrainAsync(
        IAsyncEnumerable<GenerationRequest> backlog, IProgress<BacklogProgress>? progress = null, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public SchedulerSnapshot GetSnapshot() => throw new NotSupportedException();

    public void Dispose() => WasDisposed = true;

    private EngineDescription Describe() => new()
    {
        EngineName = "fake",
        ModelId = "fake-model",
        KvCapacityTokens = 65536,
        BlockTokens = 16,
        MaxSequences = 64,
        MaxContextTokens = 4096,
        MaxStepTokens = 512,
        VocabularySize = Codec.VocabularySize,
        SupportsGuidance = SupportsGuidance,
        SupportsPenalties = SupportsPenalties,
    };
}
