using Spectre.Console;

namespace KvScheduling.Tool;

/// <summary>Results on standard output, progress and complaints on standard error.</summary>
internal sealed class ToolConsole : IDisposable
{
    private const int PlainWidth = 200;
    private readonly IAnsiConsole _results;
    private readonly IAnsiConsole? _progress;

    /// <param name="output">Where results go.</param>
    /// <param name="error">Where progress and complaints go.</param>
    /// <param name="isInteractive">Whether a person watches standard error: moving progress bars.</param>
    public ToolConsole(TextWriter output, TextWriter error, bool isInteractive)
    {
        Output = output;
        Error = error;
        _results = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(output),
        });
        _results.Profile.Width = PlainWidth;
        _progress = isInteractive ? AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(error) }) : null;
    }

    public TextWriter Output { get; }

    public TextWriter Error { get; }

    /// <summary>What the program ends with when the command does not fail: 0, or 1 when what it compared is different.</summary>
    public int ExitCode { get; set; }

    public void Dispose() => Output.Flush();

    /// <summary>Runs work with a bar for each part of it, where somebody watches.</summary>
    public void WithProgress(IReadOnlyList<string> parts, double total, Action<Func<int, IProgress<long>?>> work)
    {
        if (_progress is null)
        {
            work(static _ => null);
            return;
        }

        _progress.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .Start(context =>
            {
                ProgressTask[] tasks = [.. parts.Select(part => context.AddTask(Markup.Escape(part), maxValue: Math.Max(total, 1)))];
                work(index => new Bar(tasks[index]));
            });
    }

    /// <summary>Writes a table for people under a title.</summary>
    public void Write(string title, ResultTable table, OutputFormat format)
    {
        Output.Write($"{title}:\n\n");
        Write(table, format);
        Output.Write('\n');
    }

    public void Write(ResultTable table, OutputFormat format)
    {
        if (format == OutputFormat.Csv)
        {
            WriteCsv(table);
            return;
        }

        if (format == OutputFormat.Markdown)
        {
            WriteMarkdown(table);
            return;
        }

        var shown = new Table { Border = TableBorder.Ascii2 };
        for (int i = 0; i < table.Columns.Count; i++)
        {
            var column = new TableColumn(Markup.Escape(table.Columns[i])) { NoWrap = true };
            shown.AddColumn(table.IsText(i) ? column : column.RightAligned());
        }

        foreach (object?[] row in table.Rows)
        {
            shown.AddRow([.. row.Select(static cell => Markup.Escape(ResultTable.Rounded(cell)))]);
        }

        _results.Write(shown);
    }

    private void WriteMarkdown(ResultTable table)
    {
        Output.Write($"| {string.Join(" | ", table.Columns)} |\n");
        Output.Write($"|{string.Concat(table.Columns.Select((_, i) => table.IsText(i) ? " --- |" : " ---: |"))}\n");
        foreach (object?[] row in table.Rows)
        {
            Output.Write($"| {string.Join(" | ", row.Select(ResultTable.Rounded))} |\n");
        }
    }

    private void WriteCsv(ResultTable table)
    {
        Output.Write(string.Join(',', table.Columns) + '\n');
        foreach (object?[] row in table.Rows)
        {
            Output.Write(string.Join(',', row.Select(ResultTable.Exact)) + '\n');
        }
    }

    private sealed class Bar(ProgressTask task) : IProgress<long>
    {
        public void Report(long value) => task.Value = value;
    }
}
