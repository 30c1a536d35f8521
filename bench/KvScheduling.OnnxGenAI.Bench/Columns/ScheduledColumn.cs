namespace KvScheduling.OnnxGenAI.Bench;

/// <summary>Requests through the whole scheduler, each read token by token by a caller of its own.</summary>
internal sealed class ScheduledColumn : IColumn
{
    private readonly KvSchedulerHost _host;
    private readonly IDisposable? _model;

    private ScheduledColumn(KvSchedulerHost host, IDisposable? model)
    {
        _host = host;
        _model = model;
    }

    public ITextCodec TextCodec => _host.Scheduler.TextCodec!;

    public static async Task<ScheduledColumn> StartAsync(Func<IInferenceEngine> createEngine, IDisposable? model) =>
        new(await KvSchedulerHost.StartAsync(createEngine, new KvSchedulingOptions { PrefixScope = PrefixScope.None, MaxParkedSequences = 0 }), model);

    public async Task<Round> RunAsync(int[][] prompts, int maxOutputTokens)
    {
        RoundClock clock = new(prompts.Length);
        Task[] readers = new Task[prompts.Length];
        for (int i = 0; i < prompts.Length; i++)
        {
            readers[i] = ReadAsync(i, _host.Scheduler.Submit(new GenerationRequest { PromptTokens = prompts[i], MaxOutputTokens = maxOutputTokens }), clock);
        }

        await Task.WhenAll(readers);
        return clock.Finish();
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _model?.Dispose();
    }

    private static async Task ReadAsync(int request, Generation generation, RoundClock clock)
    {
        await foreach (GeneratedToken token in generation)
        {
            clock.Take(request, token.TokenId);
        }

        clock.End(request);
    }
}
