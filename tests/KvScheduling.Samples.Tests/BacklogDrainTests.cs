using KvScheduling.Samples.BacklogDrain;

namespace KvScheduling.Samples.Tests;

public sealed class BacklogDrainTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("backlog-drain-");
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    private string Input => Path.Combine(_folder.FullName, "in.csv");

    private string Output => Path.Combine(_folder.FullName, "out.csv");

    public void Dispose() => _folder.Delete(recursive: true);

    private Task<int> RunAsync(params string[] args) => DrainCommand.RunAsync(args, _output, _error, isInteractive: false);

    [Fact]
    public async Task Run_BundledModel_WritesTheCompletions()
    {
        await File.WriteAllTextAsync(Input, "id,prompt,expected_tokens\n1,What is 15 + 62?,10\n2,\"Say hi, friend\",\n3,Reverse the word plane.,3\n");
        Assert.Equal(0, await RunAsync("--input", Input, "--output", Output));
        Assert.Empty(_error.ToString());
        string[] rows = await File.ReadAllLinesAsync(Output);
        Assert.Equal("index,prompt,completion,finish_reason,output_tokens,error", rows[0]);
        Assert.Equal(4, rows.Length);
        Assert.Contains("0,What is 15 + 62?,15 + 62 = 77.,stop,11,", rows);
        Assert.Contains("2,Reverse the word plane.,enalp,stop,3,", rows);
        string text = _output.ToString();
        Assert.Contains("3 prompts", text, StringComparison.Ordinal);
        Assert.Contains("| sorted-f |", text, StringComparison.Ordinal);
        Assert.Contains("| fcfs ", text, StringComparison.Ordinal);
        Assert.Contains("Both runs gave the same completions", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_Redirected_IsPlain()
    {
        await File.WriteAllTextAsync(Input, "prompt\nHi\nHello\n");
        Assert.Equal(0, await RunAsync("--input", Input, "--engine", "simulated", "--policy", "fcfs", "--max-output", "8"));
        Assert.DoesNotContain('\e', _output.ToString());
        Assert.Contains("fcfs: 50 %\nfcfs: 100 %", _output.ToString().ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.DoesNotContain("against", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_PromptThatCanNeverFit_IsARowOfItsOwn()
    {
        await File.WriteAllTextAsync(Input, $"prompt\n{new string('x', 200)}\nHi\n");
        string[] args = ["--input", Input, "--output", Output, "--engine", "simulated", "--kv-tokens", "96", "--policy", "fcfs", "--max-output", "8"];
        Assert.Equal(1, await RunAsync(args));
        string[] rows = await File.ReadAllLinesAsync(Output);
        Assert.Contains(rows, static row => row.StartsWith("0,xxx", StringComparison.Ordinal) && row.Contains("can never fit", StringComparison.Ordinal));
        Assert.Contains(rows, static row => row.StartsWith("1,Hi,", StringComparison.Ordinal) && row.Contains(",length,8,", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_Interrupted_LeavesWhatIsDone()
    {
        await File.WriteAllTextAsync(Input, "prompt,expected_tokens\n" + string.Concat(Enumerable.Range(0, 300).Select(static i => $"Prompt {i},\n")));
        using CancellationTokenSource interrupt = new();
        using CancelAtFirstQuarter output = new(interrupt, Output);
        string[] args = ["--input", Input, "--output", Output, "--engine", "simulated", "--policy", "sorted-f"];
        int code = await DrainCommand.RunAsync(args, output, _error, isInteractive: false, interrupt.Token);
        Assert.Equal(DrainCommand.Interrupted, code);
        Assert.Contains("What was done is in", _error.ToString(), StringComparison.Ordinal);
        string[] rows = await File.ReadAllLinesAsync(Output);
        Assert.InRange(rows.Length, 2, 300);
        Assert.All(rows[1..], static row => Assert.Contains(",stop,", row, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("prompt\n", "no prompts")]
    [InlineData("text,other\nHi,1\n", "It has: text, other")]
    [InlineData("prompt\n\"Hi\n", "no CSV file")]
    [InlineData("id,prompt\n1,Hi\n2\n", "no CSV file")]
    [InlineData("id,prompt\n1,Hi\n2,\n", "empty prompt in line 3")]
    [InlineData("prompt,expected_tokens\nHi,many\n", "'many'")]
    [InlineData("prompt,expected_tokens\nHi,0\n", "'0'")]
    public async Task Run_WrongFile_NamesWhatIsWrong(string content, string says)
    {
        await File.WriteAllTextAsync(Input, content);
        Assert.Equal(DrainCommand.WrongUsage, await RunAsync("--input", Input, "--engine", "simulated"));
        Assert.Contains(says, _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_OtherColumns_AreNamedByOptions()
    {
        await File.WriteAllTextAsync(Input, "text,tokens\nHi,5\n");
        Assert.Equal(0, await RunAsync("--input", Input, "--column", "text", "--expected-column", "tokens", "--engine", "simulated", "--policy", "svf"));
    }

    [Theory]
    [InlineData("--input", "/nowhere/in.csv")]
    [InlineData("--output", "/nowhere/out.csv")]
    [InlineData("--model", "/nowhere")]
    [InlineData("--policy", "random")]
    [InlineData("--engine", "onnx")]
    [InlineData("--kv-tokens", "0")]
    [InlineData("--kv-tokens", "5")]
    [InlineData("--max-output", "0")]
    [InlineData("--surprise", "1")]
    public async Task Run_WrongOption_NamesIt(string option, string value)
    {
        Assert.Equal(DrainCommand.WrongUsage, await RunAsync(option, value));
        Assert.Contains(value, _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_Help_ListsTheOptions()
    {
        Assert.Equal(0, await RunAsync("--help"));
        string[] options = ["--input", "--column", "--output", "--policy", "--kv-tokens", "--max-output", "--engine"];
        Assert.All(options, option => Assert.Contains(option, _output.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public void Quantile_NearestRank_IsTheSmallestThatCoversTheShare()
    {
        RunFigures figures = new()
        {
            Policy = "p",
            Makespan = TimeSpan.FromSeconds(4),
            CompletionTimes = [.. Enumerable.Range(1, 4).Select(static i => TimeSpan.FromSeconds(i))],
            Steps = 4,
            MeanSteps = 2.5,
            Failed = 0,
            OutputTokens = 100,
            Evictions = 0,
            Outputs = [],
        };
        Assert.Equal(2, figures.Quantile(0.5).TotalSeconds);
        Assert.Equal(4, figures.Quantile(0.99).TotalSeconds);
        Assert.Equal(2.5, figures.Mean.TotalSeconds);
        Assert.Equal(25, figures.TokensPerSecond);
    }

    /// <summary>Presses Ctrl-C as soon as a quarter is done and the first completion is in the file: who writes it may be late.</summary>
    private sealed class CancelAtFirstQuarter(CancellationTokenSource interrupt, string file) : StringWriter
    {
        private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            if (value?.Contains("25 %", StringComparison.Ordinal) == true)
            {
                Assert.True(SpinWait.SpinUntil(HasCompletion, Patience));
                interrupt.Cancel();
            }
        }

        private bool HasCompletion()
        {
            using StreamReader rows = new(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            return rows.ReadToEnd().Count(static c => c == '\n') > 1;
        }
    }
}
