using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace KvScheduling.Samples.BatchScoring;

/// <summary>Maps a prompt column to a completion column: rows in, rows with completions out. The scheduler takes rows as its line has room and runs them in the order of its policy.</summary>
internal sealed class BatchScorer(IKvScheduler scheduler)
{
    public IAsyncEnumerable<ScoredRow<TRow>> ScoreAsync<TRow>(
        IEnumerable<TRow> rows, ScoringOptions<TRow> options, CancellationToken cancellationToken = default) =>
        options.InInputOrder ? InInputOrderAsync(rows, options, cancellationToken) : AsTheyFinishAsync(rows, options, window: null, cancellationToken);

    private async IAsyncEnumerable<ScoredRow<TRow>> InInputOrderAsync<TRow>(
        IEnumerable<TRow> rows, ScoringOptions<TRow> options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var window = new SemaphoreSlim(options.Window);
        Dictionary<int, ScoredRow<TRow>> early = [];
        int next = 0;
        await foreach (ScoredRow<TRow> scored in AsTheyFinishAsync(rows, options, window, cancellationToken))
        {
            early.Add(scored.Index, scored);
            while (early.Remove(next, out ScoredRow<TRow>? due))
            {
                next++;
                yield return due;
                window.Release();
            }
        }
    }

    private async IAsyncEnumerable<ScoredRow<TRow>> AsTheyFinishAsync<TRow>(
        IEnumerable<TRow> rows, ScoringOptions<TRow> options, SemaphoreSlim? window, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await scheduler.StartAsync(cancellationToken);
        ITextCodec codec = scheduler.TextCodec ?? throw new NotSupportedException("The engine has no tokenizer, so it can't read prompts.");

        // Only rows under way are held: the scheduler takes no more than its line has room for.
        ConcurrentDictionary<int, TRow> underWay = new();
        await foreach (BacklogResult result in scheduler.DrainAsync(
            ReadAsync(rows, options, codec, underWay, window, cancellationToken), cancellationToken: cancellationToken))
        {
            underWay.TryRemove(result.Index, out TRow? row);
            yield return new ScoredRow<TRow>(result.Index, row!, result.Result is { } done ? codec.Decode(done.OutputTokens.Span) : null, result.Error);
        }
    }

    private static async IAsyncEnumerable<GenerationRequest> ReadAsync<TRow>(
        IEnumerable<TRow> rows,
        ScoringOptions<TRow> options,
        ITextCodec codec,
        ConcurrentDictionary<int, TRow> underWay,
        SemaphoreSlim? window,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        int index = 0;
        foreach (TRow row in rows)
        {
            if (window is not null)
            {
                await window.WaitAsync(cancellationToken);
            }

            underWay[index++] = row;
            yield return new GenerationRequest { PromptTokens = codec.EncodeUserMessage(options.Prompt(row)), MaxOutputTokens = options.MaxOutputTokens(row) };
        }
    }
}
