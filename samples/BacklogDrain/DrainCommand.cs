using System.CommandLine;

namespace KvScheduling.Samples.BacklogDrain;

/// <summary>The command line.</summary>
internal static class DrainCommand
{
    public const int WrongUsage = 2;
    public const int Interrupted = 130;

    private const string Compare = "compare";

    private static readonly string[] Policies =
    [
        SchedulingPolicies.SortedF,
        SchedulingPolicies.Fcfs,
        SchedulingPolicies.ShortestOutputFirst,
        SchedulingPolicies.SmallestPeakFirst,
        SchedulingPolicies.SmallestVolumeFirst,
    ];

    /// <summary>Drains a file.</summary>
    /// <param name="args">The arguments.</param>
    /// <param name="output">Where figures and progress go.</param>
    /// <param name="error">Where complaints go.</param>
    /// <param name="isInteractive">Whether a person watches: a moving progress bar and colours.</param>
    /// <param name="cancellationToken">Ends it as Ctrl-C does.</param>
    /// <returns>0 when every prompt has its completion, 1 when some have not, 2 when the command line is wrong, 130 after Ctrl-C.</returns>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error, bool isInteractive, CancellationToken cancellationToken = default)
    {
        Option<string> input = new("--input") { Description = "A CSV file with a header. About 200 mixed prompts for the bundled model by default.", HelpName = "F.csv", DefaultValueFactory = static _ => Path.Combine(AppContext.BaseDirectory, "prompts.csv") };
        Option<string> column = new("--column") { Description = "The column with the prompts.", HelpName = "NAME", DefaultValueFactory = static _ => "prompt" };
        Option<string> expectedColumn = new("--expected-column") { Description = "The column with the expected output lengths in tokens, which may be rough; used when the file has it.", HelpName = "NAME", DefaultValueFactory = static _ => "expected_tokens" };
        Option<bool> ignoreExpected = new("--ignore-expected") { Description = "Do without the expected lengths: the scheduler learns from the outputs it has seen." };
        Option<string?> outputFile = new("--output") { Description = "Where the completions go, as CSV, each as soon as it is there.", HelpName = "F.csv" };
        Option<string> policy = new("--policy") { Description = $"The order: {string.Join(", ", Policies)}; or {Compare}, which times sorted-f against fcfs.", HelpName = "P", DefaultValueFactory = static _ => Compare };
        policy.AcceptOnlyFromAmong([Compare, .. Policies]);
        Option<string> engine = new("--engine") { Description = "The engine: managed, or simulated (makes up its words, with the timing of Llama-2-7B on an A100, twenty times as fast).", HelpName = "E", DefaultValueFactory = static _ => EngineChoice.Managed };
        engine.AcceptOnlyFromAmong(EngineChoice.Managed, EngineChoice.Simulated);
        Option<string?> model = new("--model") { Description = "A model folder for the managed engine. The bundled tiny-chat by default.", HelpName = "FOLDER" };
        Option<long> kvTokens = new("--kv-tokens") { Description = "The KV budget in tokens.", HelpName = "N", DefaultValueFactory = static _ => 2048 };
        Option<int> maxOutput = new("--max-output") { Description = "The most output tokens of one prompt.", HelpName = "N", DefaultValueFactory = static _ => 512 };
        RequirePositive(kvTokens);
        RequirePositive(maxOutput);
        RootCommand command = new("Drains a file of prompts through one engine inside a KV budget, and times Sorted-F against first come, first served.")
        {
            input, column, expectedColumn, ignoreExpected, outputFile, policy, engine, model, kvTokens, maxOutput,
        };
        command.SetAction(async (result, interrupt) =>
        {
            DrainSettings settings = new()
            {
                Input = result.GetRequiredValue(input),
                Column = result.GetRequiredValue(column),
                ExpectedColumn = result.GetRequiredValue(expectedColumn),
                IgnoreExpected = result.GetValue(ignoreExpected),
                Output = result.GetValue(outputFile),
                Policies = result.GetRequiredValue(policy) is Compare ? [SchedulingPolicies.SortedF, SchedulingPolicies.Fcfs] : [result.GetRequiredValue(policy)],
                Engine = result.GetRequiredValue(engine),
                Model = result.GetValue(model),
                KvTokens = result.GetRequiredValue(kvTokens),
                MaxOutputTokens = result.GetRequiredValue(maxOutput),
            };
            using CancellationTokenSource ends = CancellationTokenSource.CreateLinkedTokenSource(interrupt, cancellationToken);
            return await StartAsync(settings, new DrainConsole(output, isInteractive), error, ends.Token);
        });

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

        // Ctrl-C is told to the action, which writes what is done; it may take a moment to let the engine finish its step.
        return await parsed.InvokeAsync(
            new InvocationConfiguration { Output = output, Error = error, ProcessTerminationTimeout = TimeSpan.FromSeconds(20), EnableDefaultExceptionHandler = false },
            CancellationToken.None);
    }

    private static async Task<int> StartAsync(DrainSettings settings, DrainConsole console, TextWriter error, CancellationToken cancellationToken)
    {
        try
        {
            return await Drain.RunAsync(settings, console, cancellationToken) ? 0 : 1;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await error.WriteLineAsync(settings.Output is null ? "Interrupted." : $"Interrupted. What was done is in {settings.Output}.");
            return Interrupted;
        }
        catch (Exception exception) when (WrongInput.Is(exception))
        {
            await error.WriteLineAsync(exception.Message);
            return WrongUsage;
        }
    }

    private static void RequirePositive<T>(Option<T> option)
        where T : IComparable<T> =>
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && long.TryParse(result.Tokens[0].Value, out long value) && value < 1)
            {
                result.AddError($"{option.Name} must be at least 1, but is {value}.");
            }
        });
}
