using System.Diagnostics;

namespace KvScheduling.Samples.BacklogDrain;

/// <summary>The prompts of the file as requests, and their run through a scheduler.</summary>
internal sealed class Backlog
{
    private const int WarmUpPrompts = 64;
    private const int WarmUpOutputTokens = 32;
    private readonly IReadOnlyList<BacklogPrompt> _prompts;
    private readonly GenerationRequest[] _requests;

    /// <param name="prompts">The prompts.</param>
    /// <param name="codec">The model's text side.</param>
    /// <param name="settings">The limits.</param>
    public Backlog(IReadOnlyList<BacklogPrompt> prompts, ITextCodec codec, DrainSettings settings)
    {
        _prompts = prompts;
        _requests = [.. prompts.Select(prompt => Request(prompt, codec, settings))];
    }

    public int Count => _requests.Length;

    public long PromptTokens => _requests.Sum(static request => (long)request.PromptTokens.Length);

    /// <summary>Runs some prompts so that the runtime has compiled what the timed runs use.</summary>
    public async Task WarmUpAsync(IKvScheduler scheduler, CancellationToken cancellationToken)
    {
        IEnumerable<GenerationRequest> some = _requests.Take(WarmUpPrompts).Select(static request => new GenerationRequest
        {
            PromptTokens = request.PromptTokens,
            MaxOutputTokens = Math.Min(request.MaxOutputTokens!.Value, WarmUpOutputTokens),
            Hints = new SchedulingHints { PrefixScope = PrefixScope.None },
        });
        await foreach (BacklogResult _ in scheduler.DrainAsync(some.ToAsyncEnumerable(), progress: null, cancellationToken))
        {
        }
    }

    /// <summary>Drains all of it.</summary>
    /// <param name="scheduler">The scheduler.</param>
    /// <param name="policy">Its policy's name, for the figures.</param>
    /// <param name="progress">Told after each result.</param>
    /// <param name="file">Where completions go; null for nowhere.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<RunFigures> RunAsync(
        IKvScheduler scheduler, string policy, IProgress<BacklogProgress> progress, CompletionFile? file, CancellationToken cancellationToken)
    {
        List<TimeSpan> times = new(Count);
        int[]?[] outputs = new int[Count][];
        int failed = 0;
        SchedulerSnapshot before = scheduler.GetSnapshot();
        long steps = 0;
        double stepSum = 0;
        long begun = Stopwatch.GetTimestamp();
        await foreach (BacklogResult result in scheduler.DrainAsync(_requests.ToAsyncEnumerable(), progress, cancellationToken))
        {
            BacklogPrompt prompt = _prompts[result.Index];
            if (result.Result is { } completed)
            {
                times.Add(Stopwatch.GetElapsedTime(begun));
                steps = scheduler.GetSnapshot().Steps - before.Steps;
                stepSum += steps;
                outputs[result.Index] = completed.OutputTokens.ToArray();
                file?.Write(result.Index, prompt.Text, scheduler.TextCodec!.Decode(completed.OutputTokens.Span), completed);
            }
            else
            {
                // What an interruption cancelled is not done, and not failed either.
                cancellationToken.ThrowIfCancellationRequested();
                failed++;
                file?.WriteError(result.Index, prompt.Text, result.Error!);
            }
        }

        return new RunFigures
        {
            Policy = policy,
            Makespan = times.Count > 0 ? times[^1] : Stopwatch.GetElapsedTime(begun),
            CompletionTimes = times,
            Steps = steps,
            MeanSteps = times.Count > 0 ? stepSum / times.Count : 0,
            Failed = failed,
            OutputTokens = outputs.Sum(static output => (long)(output?.Length ?? 0)),
            Evictions = scheduler.GetSnapshot().Evictions - before.Evictions,
            Outputs = outputs,
        };
    }

    private static GenerationRequest Request(BacklogPrompt prompt, ITextCodec codec, DrainSettings settings)
    {
        int? expected = settings.IgnoreExpected || prompt.ExpectedTokens is not { } tokens ? null : Math.Min(tokens, settings.MaxOutputTokens);
        return new GenerationRequest
        {
            PromptTokens = codec.EncodeUserMessage(prompt.Text),
            MaxOutputTokens = settings.MaxOutputTokens,
            Hints = new SchedulingHints { ExpectedOutputTokens = expected },
        };
    }
}
