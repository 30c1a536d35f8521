using System.Diagnostics;

namespace KvScheduling.Tool.Tests;

public sealed class ToolTests : IDisposable
{
    private readonly ToolRun _tool = new();

    public void Dispose() => _tool.Dispose();

    [Theory]
    [InlineData("backlog")]
    [InlineData("simulate")]
    [InlineData("fluid")]
    [InlineData("thresholds")]
    [InlineData("calibrate")]
    [InlineData("plan")]
    [InlineData("bench backlogs")]
    [InlineData("bench small")]
    [InlineData("bench streams")]
    [InlineData("bench chunks")]
    [InlineData("bench rivals")]
    [InlineData("bench fairness")]
    public async Task Help_EveryCommand_HasExamples(string command)
    {
        Assert.Equal(0, await _tool.RunAsync([.. command.Split(' '), "--help"]));
        Assert.Contains("Examples:", _tool.Output, StringComparison.Ordinal);
        Assert.Contains($"kvsched {command} --", _tool.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_UnknownCommand_PointsToHelp()
    {
        Assert.Equal(2, await _tool.RunAsync("guess"));
        Assert.Contains("--help", _tool.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_Cancelled_EndsWithCode130()
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        using var console = new ToolConsole(output, error, isInteractive: false);
        using var interrupt = new CancellationTokenSource();
        Task<int> run = KvschedCommand.RunAsync(
            ["simulate", "--workload", "chat", "--rate", "1", "--count", "100000000", "--kv-tokens", "60000"], console, interrupt.Token);
        await interrupt.CancelAsync();
        Assert.Equal(130, await run);
        Assert.Contains("Interrupted", error.ToString(), StringComparison.Ordinal);
        Assert.Empty(output.ToString());
    }

    [Fact]
    public async Task Run_AsAProcess_WritesResultsToOutputAndComplaintsToError()
    {
        string file = _tool.Write("t4.csv", "prompt_tokens,output_tokens\n1,4\n4,2\n4,2\n");
        (int code, string output, string error) = await ProcessAsync("backlog", "--requests", file, "--kv-tokens", "10", "--policies", "fcfs", "--format", "csv");
        Assert.Equal((0, string.Empty), (code, error));
        Assert.Contains("fcfs,11,", output, StringComparison.Ordinal);
        (code, output, error) = await ProcessAsync("backlog", "--requests", file, "--kv-tokens", "4");
        Assert.Equal((2, string.Empty), (code, output));
        Assert.Contains("Row 1 needs 5 KV tokens", error, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Output, string Error)> ProcessAsync(params string[] args)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(typeof(KvschedCommand).Assembly.Location);
        foreach (string arg in args)
        {
            start.ArgumentList.Add(arg);
        }

        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }
}
