using System.Globalization;
using Spectre.Console;

namespace KvScheduling.Samples.BacklogDrain;

/// <summary>Progress and figures: moving and coloured for a person, plain lines for a file or a pipe.</summary>
internal sealed class DrainConsole
{
    private const int PlainWidth = 120;
    private readonly IAnsiConsole _console;
    private readonly bool _isInteractive;

    public DrainConsole(TextWriter output, bool isInteractive)
    {
        _isInteractive = isInteractive;
        _console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = isInteractive ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = isInteractive ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = isInteractive ? InteractionSupport.Detect : InteractionSupport.No,
            Out = new AnsiConsoleOutput(output),
        });
        if (!isInteractive)
        {
            _console.Profile.Width = PlainWidth;
        }
    }

    public void WriteLine(string line) => _console.Profile.Out.Writer.WriteLine(line);

    /// <summary>Shows how far a run is while it lasts.</summary>
    public async Task<RunFigures> WithProgressAsync(string title, int total, Func<IProgress<BacklogProgress>, Task<RunFigures>> run)
    {
        if (!_isInteractive)
        {
            return await run(new QuarterLines(this, title, total));
        }

        return await _console.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(async context => await run(new Bar(context.AddTask(title, maxValue: total))));
    }

    public void WriteTable(IEnumerable<RunFigures> runs)
    {
        Table table = new() { Border = _isInteractive ? TableBorder.Rounded : TableBorder.Ascii };
        table.AddColumn("policy");
        foreach (string name in new[] { "makespan s", "mean s", "p50 s", "p99 s", "tokens/s", "steps", "mean steps", "completed", "failed", "evictions" })
        {
            table.AddColumn(new TableColumn(name).RightAligned());
        }

        foreach (RunFigures run in runs)
        {
            table.AddRow(
                run.Policy,
                Seconds(run.Makespan),
                Seconds(run.Mean),
                Seconds(run.Quantile(0.5)),
                Seconds(run.Quantile(0.99)),
                Invariant($"{run.TokensPerSecond:N0}"),
                Invariant($"{run.Steps:N0}"),
                Invariant($"{run.MeanSteps:N0}"),
                Invariant($"{run.CompletionTimes.Count}"),
                Invariant($"{run.Failed}"),
                Invariant($"{run.Evictions}"));
        }

        _console.Write(table);
    }

    public void WriteComparison(RunFigures run, RunFigures baseline)
    {
        WriteLine($"{run.Policy} against {baseline.Policy}:");
        WriteLine(
            $"  in seconds: mean completion {Change(run.Mean, baseline.Mean)}, p50 {Change(run.Quantile(0.5), baseline.Quantile(0.5))}, "
            + $"p99 {Change(run.Quantile(0.99), baseline.Quantile(0.99))}, makespan {Change(run.Makespan, baseline.Makespan)}");
        WriteLine(
            "  in engine steps, whatever else the machine does: "
            + $"mean completion {Change(run.MeanSteps, baseline.MeanSteps)}, makespan {Change(run.Steps, baseline.Steps)}");
        int different = run.Outputs.Zip(baseline.Outputs).Count(static pair => IsDifferent(pair.First, pair.Second));
        WriteLine(different == 0 ? "Both runs gave the same completions, token for token." : Invariant($"{different} completions differ between the runs."));
    }

    private static bool IsDifferent(int[]? output, int[]? other) => output is not null && other is not null && !output.AsSpan().SequenceEqual(other);

    private static string Seconds(TimeSpan time) => Invariant($"{time.TotalSeconds:0.00}");

    private static string Change(TimeSpan value, TimeSpan baseline) => Change(value.Ticks, baseline.Ticks);

    private static string Change(double value, double baseline) => baseline > 0 ? Invariant($"{100 * ((value / baseline) - 1):+0;-0;0} %") : "unknown";

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>A moving bar.</summary>
    private sealed class Bar(ProgressTask task) : IProgress<BacklogProgress>
    {
        public void Report(BacklogProgress value) => task.Value = value.Completed + value.Failed;
    }

    /// <summary>A line for each quarter.</summary>
    private sealed class QuarterLines(DrainConsole console, string title, int total) : IProgress<BacklogProgress>
    {
        private readonly Lock _gate = new();
        private int _told;

        public void Report(BacklogProgress value)
        {
            lock (_gate)
            {
                int quarter = 4 * (value.Completed + value.Failed) / total;
                if (quarter > _told)
                {
                    _told = quarter;
                    console.WriteLine(Invariant($"{title}: {quarter * 25} %"));
                }
            }
        }
    }
}
