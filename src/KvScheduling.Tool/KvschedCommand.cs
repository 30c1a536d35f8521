using System.CommandLine;
using System.CommandLine.Parsing;

namespace KvScheduling.Tool;

/// <summary>The command line of <c>kvsched</c>.</summary>
internal static class KvschedCommand
{
    public const int Different = 1;
    public const int WrongUsage = 2;
    public const int Interrupted = 130;

    /// <summary>Runs a command.</summary>
    /// <param name="args">The arguments.</param>
    /// <param name="console">Where results, progress and complaints go.</param>
    /// <param name="interrupt">Ends it as Ctrl-C does.</param>
    /// <returns>0 when it did what was asked, 1 when a comparison found a difference, 2 when the command line or the input is wrong, 130 after Ctrl-C.</returns>
    public static async Task<int> RunAsync(string[] args, ToolConsole console, CancellationToken interrupt = default)
    {
        RootCommand root = new("Replays backlogs and traces through the scheduling policies of KvScheduling, with the code that runs in production.");
        Add(root, new BacklogCommand(), new SimulateCommand(), new FluidCommand(), new ThresholdsCommand(), new CalibrateCommand(), new PlanCommand(), new ReplayCommand());
        var bench = new Command("bench", "Prints the comparisons of docs/results.md, each by one command.");
        Add(
            bench, new BenchBacklogsCommand(), new BenchSmallCommand(), new BenchIntervalsCommand(), new BenchStreamsCommand(), new BenchChunksCommand(), new BenchRivalsCommand(),
            new BenchFairnessCommand(), new BenchWaitCommand());
        root.Subcommands.Add(bench);

        ParseResult parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (string message in parsed.Errors.Select(static error => error.Message).Distinct())
            {
                await console.Error.WriteLineAsync(message).ConfigureAwait(false);
            }

            await console.Error.WriteLineAsync($"{NameOf(parsed.CommandResult, root)} --help lists all options, with examples.").ConfigureAwait(false);
            return WrongUsage;
        }

        var invocation = new InvocationConfiguration { Output = console.Output, Error = console.Error, EnableDefaultExceptionHandler = false };
        return await parsed.InvokeAsync(invocation, CancellationToken.None).ConfigureAwait(false);

        void Add(Command parent, params ReadOnlySpan<ToolCommand> commands)
        {
            foreach (ToolCommand command in commands)
            {
                parent.Subcommands.Add(command.Create((action, control) => GuardAsync(action, console, control, interrupt)));
            }
        }
    }

    private static string NameOf(CommandResult command, RootCommand root) =>
        command.Command == root || command.Parent is not CommandResult parent ? "kvsched" : $"{NameOf(parent, root)} {command.Command.Name}";

    private static async Task<int> GuardAsync(Action<ToolConsole, CancellationToken> action, ToolConsole console, CancellationToken control, CancellationToken interrupt)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(control, interrupt);
        try
        {
            await Task.Run(() => action(console, ends.Token), ends.Token).ConfigureAwait(false);
            return console.ExitCode;
        }
        catch (OperationCanceledException) when (ends.IsCancellationRequested)
        {
            await console.Error.WriteLineAsync("Interrupted.").ConfigureAwait(false);
            return Interrupted;
        }
        catch (Exception error) when (WrongInput.Is(error))
        {
            await console.Error.WriteLineAsync(error.Message).ConfigureAwait(false);
            return WrongUsage;
        }
    }
}
