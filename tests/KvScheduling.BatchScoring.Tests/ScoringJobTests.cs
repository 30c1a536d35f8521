using System.Globalization;

namespace KvScheduling.Samples.BatchScoring.Tests;

public sealed class ScoringJobTests
{
    private const int RowCount = 40;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task RunAsync_InterruptedAndRunAgain_EachRowExactlyOnce(bool isInOrder)
    {
        using var folder = new TemporaryFolder();

        // In input order no more than the window can be finished behind the row at which it is interrupted.
        ScoringJob job = CreateJob(folder) with { InInputOrder = isInOrder, Window = 8 };
        using var interruption = new CancellationTokenSource();
        await using KvSchedulerHost host = await TinyChat.StartAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => job.RunAsync(host.Scheduler, new InterruptingWriter(interruption, "[#########"), isTerminal: false, interruption.Token));
        int before = Records(job.Output).Count;
        await using KvSchedulerHost again = await TinyChat.StartAsync();
        int written = await job.RunAsync(again.Scheduler, TextWriter.Null, isTerminal: false, CancellationToken.None);

        List<string[]> records = Records(job.Output);
        Assert.InRange(before, 1, RowCount - 1);
        Assert.Equal(RowCount, before + written);
        Assert.Equal(Enumerable.Range(0, RowCount), records.Select(Number).Order());
        Assert.All(records, static record => Assert.NotEmpty(record[^1]));
        Assert.Equal(await ScoreAtOnceAsync(folder), records.OrderBy(Number).Select(static record => record[^1]));
    }

    [Fact]
    public async Task RunAsync_KilledInTheMiddleOfARow_TheRowIsWrittenAgain()
    {
        using var folder = new TemporaryFolder();
        ScoringJob job = CreateJob(folder);
        await using KvSchedulerHost host = await TinyChat.StartAsync();
        await job.RunAsync(host.Scheduler, TextWriter.Null, isTerminal: false, CancellationToken.None);
        string whole = await File.ReadAllTextAsync(job.Output);
        await File.WriteAllTextAsync(job.Output, whole[..^9]);

        int written = await job.RunAsync(host.Scheduler, TextWriter.Null, isTerminal: false, CancellationToken.None);

        Assert.Equal(1, written);
        Assert.Equal(whole, await File.ReadAllTextAsync(job.Output));
    }

    [Fact]
    public async Task RunAsync_NothingLeft_WritesNothing()
    {
        using var folder = new TemporaryFolder();
        ScoringJob job = CreateJob(folder);
        await using KvSchedulerHost host = await TinyChat.StartAsync();
        await job.RunAsync(host.Scheduler, TextWriter.Null, isTerminal: false, CancellationToken.None);

        Assert.Equal(0, await job.RunAsync(host.Scheduler, TextWriter.Null, isTerminal: false, CancellationToken.None));
    }

    [Fact]
    public async Task RunAsync_UnknownColumn_NamesTheOnesThereAre()
    {
        using var folder = new TemporaryFolder();
        await using KvSchedulerHost host = await TinyChat.StartAsync();

        InvalidDataException error = await Assert.ThrowsAsync<InvalidDataException>(
            () => (CreateJob(folder) with { PromptColumn = "question" }).RunAsync(host.Scheduler, TextWriter.Null, isTerminal: false, CancellationToken.None));

        Assert.Contains("'question'", error.Message, StringComparison.Ordinal);
        Assert.Contains("prompt, max_tokens", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_OutputOfAnotherJob_IsNotTouched()
    {
        using var folder = new TemporaryFolder();
        ScoringJob job = CreateJob(folder);
        await File.WriteAllTextAsync(job.Output, "a,b\n1,2\n");
        await using KvSchedulerHost host = await TinyChat.StartAsync();

        await Assert.ThrowsAsync<InvalidDataException>(() => job.RunAsync(host.Scheduler, TextWriter.Null, isTerminal: false, CancellationToken.None));

        Assert.Equal("a,b\n1,2\n", await File.ReadAllTextAsync(job.Output));
    }

    private static ScoringJob CreateJob(TemporaryFolder folder)
    {
        string input = folder.PathOf("rows.csv");
        if (!File.Exists(input))
        {
            DemoRows.Write(input, DemoRows.Create(RowCount));
        }

        return new ScoringJob { Input = input, Output = folder.PathOf("scored.csv") };
    }

    private static async Task<IEnumerable<string>> ScoreAtOnceAsync(TemporaryFolder folder)
    {
        ScoringJob job = CreateJob(folder) with { Output = folder.PathOf("at-once.csv"), InInputOrder = true };
        await using KvSchedulerHost host = await TinyChat.StartAsync();
        await job.RunAsync(host.Scheduler, TextWriter.Null, isTerminal: false, CancellationToken.None);
        return Records(job.Output).Select(static record => record[^1]);
    }

    private static int Number(string[] record) => int.Parse(record[0], CultureInfo.InvariantCulture);

    private static List<string[]> Records(string path)
    {
        using var reader = new StreamReader(path);
        return [.. Csv.Read(reader).Skip(1)];
    }

    /// <summary>Presses Ctrl-C when the progress bar gets far enough.</summary>
    private sealed class InterruptingWriter(CancellationTokenSource interruption, string far) : StringWriter
    {
        public override void WriteLine(string? value)
        {
            if (value?.StartsWith(far, StringComparison.Ordinal) ?? false)
            {
                interruption.Cancel();
            }
        }
    }
}
