using System.Globalization;

namespace KvScheduling.Samples.BatchScoring;

/// <summary>Scores a CSV file into another; interrupted and started again, it goes on where it was.</summary>
internal sealed record ScoringJob
{
    public required string Input { get; init; }

    public required string Output { get; init; }

    public string PromptColumn { get; init; } = "prompt";

    public string CompletionColumn { get; init; } = "completion";

    /// <summary>A column with each row's output limit in tokens, where the input has it.</summary>
    public string LimitColumn { get; init; } = "max_tokens";

    public bool InInputOrder { get; init; }

    public int Window { get; init; } = 256;

    /// <summary>Runs the job.</summary>
    /// <returns>How many rows were written by this run.</returns>
    /// <exception cref="InvalidDataException">The input or the output is not what it should be.</exception>
    public async Task<int> RunAsync(IKvScheduler scheduler, TextWriter console, bool isTerminal, CancellationToken cancellationToken)
    {
        CsvTable input = CsvTable.Open(Input);
        int prompt = input.Column(PromptColumn);
        int limit = input.Header.ToList().IndexOf(LimitColumn);
        using ScoredFile output = ScoredFile.Open(Output, input.Header, CompletionColumn);
        int total = input.Rows().Count();
        if (output.Done.Count > 0)
        {
            await console.WriteLineAsync($"{output.Done.Count} of {total} rows are done already.");
        }

        var options = new ScoringOptions<(int Row, string[] Fields)>
        {
            Prompt = row => row.Fields[prompt],
            MaxOutputTokens = row => limit < 0 || row.Fields[limit].Length == 0 ? null : int.Parse(row.Fields[limit], CultureInfo.InvariantCulture),
            InInputOrder = InInputOrder,
            Window = Window,
        };
        var bar = new ProgressBar(console, total, isTerminal);
        bar.Advance(output.Done.Count);
        int written = 0;
        try
        {
            IEnumerable<(int Row, string[] Fields)> open = input.Rows().Select(static (fields, row) => (Row: row, Fields: fields))
                .Where(row => !output.Done.Contains(row.Row));
            await foreach (ScoredRow<(int Row, string[] Fields)> scored in new BatchScorer(scheduler).ScoreAsync(open, options, cancellationToken))
            {
                if (scored.Error is not null)
                {
                    // Not written, so that a later run tries it again.
                    await console.WriteLineAsync($"\nRow {scored.Row.Row}: {scored.Error.Message}");
                    continue;
                }

                output.Write(scored.Row.Row, scored.Row.Fields, scored.Completion!);
                written++;
                bar.Advance();
            }
        }
        finally
        {
            bar.End();
        }

        return written;
    }
}
