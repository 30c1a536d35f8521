using System.CommandLine;
using System.Globalization;
using KvScheduling.OnnxGenAI;
using KvScheduling.OnnxGenAI.Bench;

// A worker's arguments are positions, written by WorkerProcess.
if (args is ["worker", string column, string accuracy, string folder, string nativeFolder, string outputs, string workerThreads])
{
    int count = int.Parse(workerThreads, CultureInfo.InvariantCulture);
    BenchSettings of = new()
    {
        Model = folder,
        Native = nativeFolder.Length == 0 ? null : nativeFolder,
        OutputTokens = int.Parse(outputs, CultureInfo.InvariantCulture),
        Threads = count == 0 ? null : count,
    };
    return await Worker.RunAsync(column, of, int.Parse(accuracy, CultureInfo.InvariantCulture));
}

Option<string> model = new("--model") { Description = "A folder with flat/ and paged/ in it: the same model with and without paged attention.", Required = true };
Option<string?> native = new("--native") { Description = "The folder of the native libraries. By default KV_SCHEDULING_NATIVE names it, else the package has brought them." };
Option<int?> threads = new("--threads") { Description = "Threads that compute a step. By default what the model's config says." };
Option<int> rounds = new("--rounds") { Description = "Rounds for each column.", DefaultValueFactory = static _ => 5 };
Option<int> output = new("--output") { Description = "Output tokens of a request at most.", DefaultValueFactory = static _ => 60 };
Option<int[]> requests = new("--requests") { Description = "How many requests come at once.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = static _ => [1, 8, 32] };
Option<int[]> accuracies = new("--accuracy") { Description = "Accuracy levels: 0 for model.onnx, 4 for model.acc4.onnx.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = static _ => [0, 4] };
Option<int> soakRequests = new("--count") { Description = "How many requests.", DefaultValueFactory = static _ => 10_000 };

BenchSettings Settings(ParseResult result) => new()
{
    Model = Path.GetFullPath(result.GetRequiredValue(model)),
    Native = result.GetValue(native),
    Threads = result.GetValue(threads),
    Rounds = result.GetValue(rounds),
    OutputTokens = result.GetValue(output),
    Requests = result.GetValue(requests) ?? [],
    Accuracies = result.GetValue(accuracies) ?? [],
};

Command Create(string name, string description, Func<BenchSettings, ParseResult, Task> run, params Option[] own)
{
    Command command = new(name, description) { model, native, threads };
    foreach (Option option in own)
    {
        command.Add(option);
    }

    command.SetAction(async (result, _) => await run(Settings(result), result));
    return command;
}

RootCommand root = new("Measures the engine on ONNX Runtime GenAI.")
{
    Create("compare", "One generator per call, the scheduler on this engine and on the managed one, and a bare native loop, on the same requests.", static (settings, _) => Comparison.PrintAsync(settings), rounds, output, requests, accuracies),
    Create("cost", "What the scheduler costs against a bare native loop on the same loaded model, and what a step costs outside the native library.", static (settings, _) => StepCost.PrintAsync(settings), rounds, output, requests, accuracies),
    Create("recovery", "How long an engine that dies with its requests in it takes to go on.", static (settings, _) => Recovery.PrintAsync(settings), requests, output),
    Create("soak", "Memory over many short requests.", (settings, result) => Soak.PrintAsync(settings, result.GetValue(soakRequests)), soakRequests),
};
try
{
    return await root.Parse(args).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (OnnxGenAIException error)
{
    await Console.Error.WriteLineAsync(error.Message);
    return 1;
}
