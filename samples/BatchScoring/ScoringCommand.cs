using System.CommandLine;
using KvScheduling.ManagedEngine;

namespace KvScheduling.Samples.BatchScoring;

/// <summary>The command line.</summary>
internal static class ScoringCommand
{
    private const int Interrupted = 130;

    public static async Task<int> RunAsync(string[] args, TextWriter console, TextWriter errors)
    {
        var input = new Option<string>("--input")
        {
            Description = "CSV file with a header line. Without it: a table of questions that the bundled model knows, written beside the output.",
        };
        var output = new Option<string>("--output") { Description = "CSV file to write, or to go on with.", DefaultValueFactory = _ => "scored.csv" };
        var prompt = new Option<string>("--prompt-column") { Description = "The column that is asked.", DefaultValueFactory = _ => "prompt" };
        var completion = new Option<string>("--completion-column") { Description = "The column that is added.", DefaultValueFactory = _ => "completion" };
        var ordered = new Option<bool>("--in-order") { Description = "Write rows in input order instead of as they finish." };
        var window = new Option<int>("--window")
        {
            Description = "With --in-order: how many rows may be under way or unwritten.",
            DefaultValueFactory = _ => 256,
        };
        var rows = new Option<int>("--rows") { Description = "Without --input: how many rows.", DefaultValueFactory = _ => 500 };
        var policy = new Option<string>("--policy") { Description = "The order inside.", DefaultValueFactory = _ => SchedulingPolicies.SortedF };
        string bundled = Path.Combine(AppContext.BaseDirectory, "models", "tiny-chat");
        var model = new Option<string>("--model") { Description = "Model folder.", DefaultValueFactory = _ => bundled };
        var kvTokens = new Option<long>("--kv-tokens") { Description = "Room in the KV cache, in tokens.", DefaultValueFactory = _ => 2048 };
        var compare = new Option<bool>("--compare") { Description = "Time the order of Sorted-F against input order and write nothing." };
        window.Validators.Add(static result => RequirePositive(result.GetValueOrDefault<int>(), "--window", result.AddError));
        rows.Validators.Add(static result => RequirePositive(result.GetValueOrDefault<int>(), "--rows", result.AddError));
        var command = new RootCommand("Maps a prompt column to a completion column.")
        {
            input, output, prompt, completion, ordered, window, rows, policy, model, kvTokens, compare,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (parsed.GetValue(compare))
            {
                await Comparison.RunAsync(parsed.GetValue(model)!, parsed.GetValue(rows), parsed.GetValue(kvTokens), console, cancellationToken);
                return 0;
            }

            var job = new ScoringJob
            {
                Input = parsed.GetValue(input) ?? WriteDemo(parsed.GetValue(output)!, parsed.GetValue(rows)),
                Output = parsed.GetValue(output)!,
                PromptColumn = parsed.GetValue(prompt)!,
                CompletionColumn = parsed.GetValue(completion)!,
                InInputOrder = parsed.GetValue(ordered),
                Window = parsed.GetValue(window),
            };
            return await RunAsync(job, parsed.GetValue(model)!, parsed.GetValue(policy)!, parsed.GetValue(kvTokens), console, errors, cancellationToken);
        });
        return await command.Parse(args).InvokeAsync();
    }

    private static async Task<int> RunAsync(
        ScoringJob job, string model, string policy, long kvTokens, TextWriter console, TextWriter errors, CancellationToken cancellationToken)
    {
        try
        {
            await using KvSchedulerHost host = await KvSchedulerHost.StartAsync(
                () => ManagedEngine.ManagedEngine.Load(model, new ManagedEngineOptions { KvCapacityTokens = kvTokens }),
                new KvSchedulingOptions { Policy = policy, ShutdownTimeout = TimeSpan.Zero },
                cancellationToken: cancellationToken);
            int written = await job.RunAsync(host.Scheduler, console, !Console.IsOutputRedirected, cancellationToken);
            await console.WriteLineAsync($"{written} rows written to {job.Output}.");
            return 0;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await console.WriteLineAsync($"Interrupted. What is done is in {job.Output}; run the same command again to go on.");
            return Interrupted;
        }
        catch (Exception error) when (error is IOException or InvalidDataException or ModelFolderException)
        {
            await errors.WriteLineAsync(error.Message);
            return 1;
        }
    }

    private static string WriteDemo(string output, int rows)
    {
        string path = Path.ChangeExtension(output, ".input.csv");
        DemoRows.Write(path, DemoRows.Create(rows));
        return path;
    }

    private static void RequirePositive(int value, string name, Action<string> addError)
    {
        if (value < 1)
        {
            addError($"{name} must be at least 1.");
        }
    }
}
