using System.CommandLine;

namespace KvScheduling.Samples.ChatServer;

/// <summary>The command line.</summary>
internal static class ChatServerCommand
{
    private const int WrongUsage = 2;

    private static readonly string[] Policies =
    [
        SchedulingPolicies.Adaptive,
        SchedulingPolicies.SortedF,
        SchedulingPolicies.Fcfs,
        SchedulingPolicies.ShortestOutputFirst,
        SchedulingPolicies.SmallestPeakFirst,
        SchedulingPolicies.SmallestVolumeFirst,
        SchedulingPolicies.EarliestDeadline,
        SchedulingPolicies.Wait,
        SchedulingPolicies.NestedWait,
    ];

    /// <summary>Runs the server until Ctrl-C.</summary>
    /// <returns>0 after a clean stop, 1 when the server could not run, 2 when the command line is wrong.</returns>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        Option<string> urls = Create("--urls", "U", "Where to listen; several separated by semicolons.", ChatServerSettings.DefaultUrl);
        Option<string> engine = Create("--engine", "E", $"The engine: {string.Join(", ", EngineChoice.Names)}. auto takes onnx where native libraries and an ONNX model are there, else managed.", EngineChoice.Auto);
        engine.AcceptOnlyFromAmong(EngineChoice.Names);
        Option<string?> model = Create<string?>("--model", "FOLDER", "A model folder, Hugging Face or ONNX Runtime GenAI. The bundled tiny-chat by default.");
        Option<string?> native = Create<string?>("--native", "FOLDER", "The folder of the native libraries, for the onnx engine. By default KV_SCHEDULING_NATIVE names it, else the package has brought them.");
        Option<long?> kvTokens = Create<long?>(
            "--kv-tokens", "N", "The KV budget in tokens. A small one by default for the bundled model, so that a burst has to wait; else all the engine has.");
        kvTokens.Validators.Add(static result =>
        {
            if (result.Tokens.Count == 1 && long.TryParse(result.Tokens[0].Value, out long tokens) && tokens < EngineChoice.MinKvTokens)
            {
                result.AddError($"--kv-tokens must be at least {EngineChoice.MinKvTokens}, one block, but is {tokens}.");
            }
        });
        Option<string> policy = Create("--policy", "P", $"The order of the line: {string.Join(", ", Policies)}.", SchedulingPolicies.Adaptive);
        policy.AcceptOnlyFromAmong(Policies);
        RootCommand command = new("Serves a chat model over HTTP in OpenAI's shape, with a page to chat and to watch the line and the KV budget live.")
        {
            urls, engine, model, native, kvTokens, policy,
        };
        command.SetAction((result, _) => StartAsync(
            new ChatServerSettings
            {
                Urls = result.GetRequiredValue(urls),
                Engine = result.GetRequiredValue(engine),
                Model = result.GetValue(model),
                Native = result.GetValue(native),
                KvTokens = result.GetValue(kvTokens),
                Policy = result.GetRequiredValue(policy),
            },
            output,
            error));

        ParseResult parsed = command.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (string message in parsed.Errors.Select(static e => e.Message).Distinct())
            {
                await error.WriteLineAsync(message);
            }

            await error.WriteLineAsync("--help lists all options.");
            return WrongUsage;
        }

        // The web host listens to Ctrl-C itself, and drains for as long as it takes.
        InvocationConfiguration invocation = new() { Output = output, Error = error, ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false };
        return await parsed.InvokeAsync(invocation);
    }

    private static Option<T> Create<T>(string name, string valueName, string description) => new(name) { HelpName = valueName, Description = description };

    private static Option<string> Create(string name, string valueName, string description, string defaultValue) =>
        new(name) { HelpName = valueName, Description = description, DefaultValueFactory = _ => defaultValue };

    private static async Task<int> StartAsync(ChatServerSettings settings, TextWriter output, TextWriter error)
    {
        try
        {
            EngineChoice engine = EngineChoice.Make(settings);
            await using WebApplication app = ChatServerApp.Build(settings, engine);
            await app.StartAsync();
            await StartupText.WriteAsync(output, app, engine);
            if (settings.Native is not null && engine.Name != EngineChoice.Onnx)
            {
                await output.WriteLineAsync("  --native was not used: only the onnx engine needs native libraries.");
            }

            await app.WaitForShutdownAsync();
            return 0;
        }
        catch (Exception exception) when (WrongInput.Is(exception))
        {
            await error.WriteLineAsync(exception.Message);
            return WrongUsage;
        }
        catch (IOException exception)
        {
            // Kestrel names the address that is taken.
            await error.WriteLineAsync($"{exception.Message} Choose another address: --urls http://127.0.0.1:5081");
            return 1;
        }
    }
}
