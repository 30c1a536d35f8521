using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace KvScheduling.OnnxGenAI.Bench;

/// <summary>A process of its own for one column, so that its peak memory is its own too.</summary>
internal sealed class WorkerProcess : IDisposable
{
    private readonly Process _process;

    private WorkerProcess(Process process) => _process = process;

    public static async Task<WorkerProcess> StartAsync(string column, BenchSettings settings, int accuracy)
    {
        ProcessStartInfo start = new(Environment.ProcessPath!)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(typeof(WorkerProcess).Assembly.Location);
        }

        string threads = (settings.Threads ?? 0).ToString(CultureInfo.InvariantCulture);
        string output = settings.OutputTokens.ToString(CultureInfo.InvariantCulture);
        foreach (string argument in (string[])["worker", column, accuracy.ToString(CultureInfo.InvariantCulture), settings.Model, settings.Native ?? string.Empty, output, threads])
        {
            start.ArgumentList.Add(argument);
        }

        WorkerProcess worker = new(Process.Start(start)!);
        if (await worker._process.StandardOutput.ReadLineAsync() != "ready")
        {
            worker.Dispose();
            throw new InvalidOperationException($"The column '{column}' could not be started; the reason is above.");
        }

        return worker;
    }

    public async Task<Round> RunAsync(int requests)
    {
        await _process.StandardInput.WriteLineAsync(requests.ToString(CultureInfo.InvariantCulture));
        await _process.StandardInput.FlushAsync();
        string line = await _process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("A column's process ended; the reason is above.");
        return JsonSerializer.Deserialize<Round>(line)!;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.StandardInput.Close();
            _process.WaitForExit();
        }

        _process.Dispose();
    }
}
