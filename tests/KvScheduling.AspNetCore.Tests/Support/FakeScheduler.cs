namespace KvScheduling.AspNetCore.Tests;

/// <summary>Has a model's name and a snapshot, and nothing else.</summary>
internal sealed class FakeScheduler : IKvScheduler
{
    public const string ModelId = "org/tiny";

    public EngineDescription Engine { get; } = new()
    {
        EngineName = "fake",
        ModelId = ModelId,
        KvCapacityTokens = 1024,
        BlockTokens = 16,
        MaxSequences = 8,
        MaxContextTokens = 512,
        MaxStepTokens = 64,
        VocabularySize = 100,
    };

    public ITextCodec? TextCodec => null;

    public Task StartAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

    public SchedulerSnapshot Snapshot { get; set; } = new()
    {
        EngineInstance = "fake-0",
        Policy = "fcfs",
        Status = SchedulerStatus.Ready,
        KvBudgetTokens = 1024,
    };

    public QueuePlace Reserve() => throw new InvalidOperationException("Endpoints do not reserve.");

    public Generation Submit(GenerationRequest request, QueuePlace? place = null, CancellationToken cancellationToken = default) =>
        throw new InvalidOperationException("Endpoints do not submit.");

    public IAsyncEnumerable<BacklogResult> DrainAsync(
        IAsyncEnumerable<GenerationRequest> backlog, IProgress<BacklogProgress>? progress = null, CancellationToken cancellationToken = default) =>
        throw new InvalidOperationException("Endpoints do not drain.");

    public SchedulerSnapshot GetSnapshot() => Snapshot;
}
