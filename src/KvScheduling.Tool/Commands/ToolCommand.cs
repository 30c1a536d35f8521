using System.CommandLine;

namespace KvScheduling.Tool;

/// <summary>One command of the tool.</summary>
internal abstract class ToolCommand
{
    /// <summary>Makes the command.</summary>
    /// <param name="run">Runs an action of it: turns its failures into exit codes.</param>
    public Command Create(Func<Action<ToolConsole, CancellationToken>, CancellationToken, Task<int>> run)
    {
        Command command = Describe();
        command.SetAction((result, control) => run((console, cancellation) => Run(result, console, cancellation), control));
        return command;
    }

    /// <summary>The command with its options.</summary>
    protected abstract Command Describe();

    /// <summary>Does what the command is for.</summary>
    protected abstract void Run(ParseResult result, ToolConsole console, CancellationToken cancellationToken);
}
