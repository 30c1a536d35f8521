using System.CommandLine;
using System.Globalization;
using KvScheduling.ManagedEngine;
using KvScheduling.OnnxGenAI;

namespace KvScheduling.Live;

/// <summary><c>truth</c>: is what the simulator says what the engine does?</summary>
internal static class TruthCommand
{
    private static readonly Option<string?> Onnx = new("--onnx") { Description = "The folder of an ONNX model, to compare with the ONNX engine too." };
    private static readonly Option<string?> Native = new("--native") { Description = "The folder of the native libraries; by default the one that KV_SCHEDULING_NATIVE names." };
    private static readonly Option<string> Model = LiveOptions.Model();
    private static readonly Option<int> Seed = LiveOptions.Seed();
    private static readonly Option<int> Requests = LiveOptions.Requests(200);
    private static readonly Option<int> KvTokens = LiveOptions.KvTokens(1024);

    private static readonly Option<int> Rounds = LiveOptions.Rounds(5);

    public static Command Create()
    {
        var command = new Command(
            "truth", "Runs the same requests on the real engine and in the simulator, with a cost model fitted to the recorded steps: order of completions, evictions and KV must be equal, latencies within 15 %.")
        {
            Model, Onnx, Native, Requests, KvTokens, Rounds, Seed,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var caps = new LiveCaps(arguments.GetValue(KvTokens));
        LiveRequest[] requests = LiveWorkload.Draw(arguments.GetValue(Requests), null, arguments.GetValue(Seed));
        string model = arguments.GetValue(Model)!;
        int rounds = arguments.GetValue(Rounds);
        bool isTrue = await CompareAsync("managed", () => KvScheduling.ManagedEngine.ManagedEngine.Load(model, new ManagedEngineOptions { KvCapacityTokens = 8192 }), requests, caps, rounds, cancellationToken);
        if (arguments.GetValue(Onnx) is string onnx)
        {
            using var holder = new OnnxGenAIModelHolder(onnx, new OnnxGenAIEngineOptions { NativeFolder = arguments.GetValue(Native), KvTokens = 8192 });
            isTrue &= await CompareAsync("onnx", holder.CreateEngine, requests, caps, rounds, cancellationToken);
        }
        else
        {
            Console.WriteLine("onnx: not run, because no --onnx FOLDER was given.");
        }

        return isTrue ? 0 : 1;
    }

    private static async Task<bool> CompareAsync(string name, Func<IInferenceEngine> engine, LiveRequest[] requests, LiveCaps caps, int rounds, CancellationToken cancellationToken)
    {
        bool isTrue = true;
        foreach (string policy in (string[])[SchedulingPolicies.Fcfs, SchedulingPolicies.SortedF])
        {
            // Once to warm up: the first steps of a process are compiled while they run.
            await TruthRun.RunAsync(engine, policy, requests, caps, rounds: 1, cancellationToken);
            TruthResult truth = await TruthRun.RunAsync(engine, policy, requests, caps, rounds, cancellationToken);
            Print(name, policy, truth);
            isTrue &= truth is { SameDecisions: true, LatenciesAgree: true, IsReplayed: true };
        }

        return isTrue;
    }

    private static void Print(string engine, string policy, TruthResult truth)
    {
        CultureInfo plain = CultureInfo.InvariantCulture;
        Console.WriteLine($"{engine}, {policy}: {truth.Live.Completions.Count} requests, {truth.Live.StepEnds.Count} steps, {truth.Live.Evictions.Count} evictions");
        Console.WriteLine(string.Create(plain, $"  cost model (ms)      {string.Join(", ", truth.Fit.Coefficients.Select(each => each.ToString("G4", plain)))}; R² {truth.Fit.RSquared:0.000}"));
        Console.WriteLine($"  order of completions {Verdict(truth.SameCompletions)}");
        Console.WriteLine($"  evictions            {Verdict(truth.SameEvictions)}");
        Console.WriteLine($"  KV curve             {Verdict(truth.SameKv)}");
        Console.WriteLine($"  replay of the log    {Verdict(truth.IsReplayed)}");
        foreach ((string name, double live, double simulated) in truth.Latencies)
        {
            Console.WriteLine(string.Create(plain, $"  latency {name,-12} {live,8:0.0000} s live {simulated,8:0.0000} s simulated {simulated / live - 1,8:+0.0 %;-0.0 %}"));
        }

        Console.WriteLine(string.Create(plain, $"  {truth.ShareWithin:0.0 %} of the requests are within 15 % of their own latency; mean and quantiles: {(truth.LatenciesAgree ? "all within 15 %" : "NOT within 15 %")}"));
    }

    private static string Verdict(bool isEqual) => isEqual ? "equal" : "DIFFERENT";
}
