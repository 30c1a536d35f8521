using System.Diagnostics;

namespace KvScheduling.OnnxGenAI.Tests;

/// <summary>How a run of the fault host ended.</summary>
internal sealed record ChildResult(int ExitCode, string Output, string Error);

/// <summary>Runs the fault host: what could end a process happens in one of its own.</summary>
internal static class ChildProcess
{
    /// <summary>Bounds a hang: no scenario takes more than seconds.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    public static async Task<ChildResult> RunAsync(string scenario, string native, string model, IReadOnlyDictionary<string, string?>? environment = null, params string[] more)
    {
        ProcessStartInfo start = new(Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (string argument in (string[])["exec", Path.Combine(AppContext.BaseDirectory, "KvScheduling.OnnxGenAI.FaultHost.dll"), scenario, native, model, .. more])
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment.Remove("ORT_DISABLE_TELEMETRY");
        start.Environment.Remove("ORT_LIB_PATH");
        start.Environment.Remove("KV_SCHEDULING_NATIVE");
        foreach ((string name, string? value) in environment ?? new Dictionary<string, string?>())
        {
            start.Environment[name] = value;
        }

        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        using CancellationTokenSource timeout = new(Longest);
        try
        {
            await process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            Assert.Fail($"The scenario '{scenario}' did not end within {Longest}.\n{await output}\n{await error}");
        }

        return new ChildResult(process.ExitCode, await output, await error);
    }
}
