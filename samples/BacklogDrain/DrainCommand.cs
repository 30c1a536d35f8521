using System.CommandLine;

namespace KvScheduling.Samples.BacklogDrain;

/// <summary>The command line.</summary>
internal static class DrainCommand
{
    public const int WrongUsage = 2;
    public const int Interrupted = 130;

    /// <summary>Ctrl-C is told to the action, which lets the engine finish its step.</summary>
    private static readonly TimeSpan InterruptGrace = TimeSpan.FromSeconds(20);

    /// <summary>Drains a file.</summary>
    /// <param name="args">The arguments.</param>
    /// <param name="output">Where figures and progress go.</param>
    /// <param name="error">Where complaints go.</param>
    /// <param name="isInteractive">Whether a person watches: a moving progress bar and colours.</param>
    /// <param name="interrupt">Ends it as Ctrl-C does.</param>
    /// <returns>0 when every prompt has its completion, 1 when some have not, 2 when the command line is wrong, 130 after Ctrl-C.</returns>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error, bool isInteractive, CancellationToken interrupt = default)
    {
        DrainOptions options = new();
        RootCommand command = new("Drains a file of prompts through one engine inside a KV budget, and times Sorted-F against first come, first served.");
        options.AddTo(command);
        command.SetAction(async (result, control) =>
        {
            using CancellationTokenSource ends = CancellationTokenSource.CreateLinkedTokenSource(control, interrupt);
            return await StartAsync(options.Read(result), new DrainConsole(output, isInteractive), error, ends.Token);
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

        InvocationConfiguration invocation = new()
        {
            Output = output,
            Error = error,
            ProcessTerminationTimeout = InterruptGrace,
            EnableDefaultExceptionHandler = false,
        };
        return await parsed.InvokeAsync(invocation, CancellationToken.None);
    }

    private static async Task<int> StartAsync(DrainSettings settings, DrainConsole console, TextWriter error, CancellationToken interrupt)
    {
        try
        {
            return await Drain.RunAsync(settings, console, interrupt) ? 0 : 1;
        }
        catch (OperationCanceledException) when (interrupt.IsCancellationRequested)
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
}
