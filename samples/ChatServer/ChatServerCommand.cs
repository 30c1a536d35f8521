using System.CommandLine;

namespace KvScheduling.Samples.ChatServer;

/// <summary>The command line.</summary>
internal static class ChatServerCommand
{
    private const int WrongUsage = 2;

    private static readonly string[] Policies =
    [
        SchedulingPolicies.SortedF,
        SchedulingPolicies.Fcfs,
        SchedulingPolicies.ShortestOutputFirst,
        SchedulingPolicies.SmallestPeakFirst,
        SchedulingPolicies.SmallestVolumeFirst,
    ];

    /// <summary>Runs the server until Ctrl-C.</summary>
    /// <returns>0 after a clean stop, 1 when the server could not run, 2 when the command line is wrong.</returns>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        Option<string> urls = new("--urls") { Description = "Where to listen; several separated by semicolons.", HelpName = "U", DefaultValueFactory = static _ => ChatServerSettings.DefaultUrl };
        Option<string> engine = new("--engine") { Description = "The engine: " + string.Join(", ", EngineChoice.Names) + ".", HelpName = "E", DefaultValueFactory = static _ => EngineChoice.Auto };
        engine.AcceptOnlyFromAmong(EngineChoice.Names);
        Option<string?> model = new("--model") { Description = "A model folder, Hugging Face or ONNX Runtime GenAI. The bundled tiny-chat by default.", HelpName = "FOLDER" };
        Option<string?> native = new("--native") { Description = "The folder of the native libraries, for the onnx engine.", HelpName = "FOLDER" };
        Option<long?> kvTokens = new("--kv-tokens") { Description = "The KV budget in tokens. A small one by default for the bundled model, so that a burst has to wait; else all the engine has.", HelpName = "N" };
        kvTokens.Validators.Add(static result =>
        {
            if (result.Tokens.Count == 1 && long.TryParse(result.Tokens[0].Value, out long tokens) && tokens < EngineChoice.MinKvTokens)
            {
                result.AddError($"--kv-tokens must be at least {EngineChoice.MinKvTokens}, one block, but is {tokens}.");
            }
        });
        Option<string> policy = new("--policy") { Description = "The order of the line: " + string.Join(", ", Policies) + ".", HelpName = "P", DefaultValueFactory = static _ => SchedulingPolicies.SortedF };
        policy.AcceptOnlyFromAmong(Policies);
        RootCommand command = new("Serves a chat model over HTTP in OpenAI's shape, with a page to chat and to watch the line and the KV budget live.") { urls, engine, model, native, kvTokens, policy };
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
        return await parsed.InvokeAsync(new InvocationConfiguration { Output = output, Error = error, ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false });
    }

    private static async Task<int> StartAsync(ChatServerSettings settings, TextWriter output, TextWriter error)
    {
        try
        {
            EngineChoice engine = EngineChoice.Make(settings);
            await using WebApplication app = ChatServerApp.Build(settings, engine);
            await app.StartAsync();
            await StartupText.WriteAsync(output, app, engine);
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
