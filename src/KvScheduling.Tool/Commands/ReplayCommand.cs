using System.CommandLine;
using System.Globalization;
using KvScheduling.Baselines;
using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary><c>kvsched replay</c>: tells a scheduler again what a logged one was told, and compares what it decides.</summary>
internal sealed class ReplayCommand : ToolCommand
{
    private readonly Argument<string> _file = new("FILE") { Description = "The decision log of a scheduler." };
    private readonly Option<string?> _steps = new("--steps")
    {
        Description = "Also writes the measured steps as CSV: prefill_tokens,decode_rows,kv_tokens,milliseconds.",
        HelpName = "FILE",
    };

    private readonly Option<string> _format = Options.Format();

    protected override Command Describe()
    {
        var command = new Command(
            "replay",
            """
            Replays a decision log: a scheduler with the same settings is told everything that the logged one was told, at the same times, and what it decides is compared with the
            log, byte for byte. Ends with 0 when all is equal, with 1 and the first line that differs otherwise, and with 2 when the log can't be used or is incomplete.

            Examples:
              kvsched replay decisions.jsonl
              kvsched replay decisions.jsonl --steps steps.csv
            """);
        command.Arguments.Add(_file);
        command.Options.Add(_steps);
        command.Options.Add(_format);
        return command;
    }

    protected override void Run(ParseResult result, ToolConsole console, CancellationToken cancellationToken)
    {
        string path = result.GetRequiredValue(_file);
        OutputFormat format = Options.FormatOf(result.GetRequiredValue(_format));
        try
        {
            if (result.GetValue(_steps) is string steps)
            {
                WriteSteps(path, steps);
            }

            using FileStream log = File.OpenRead(path);
            Report(DecisionLog.Replay(log, BaselinePolicies.All, cancellationToken: cancellationToken), console, format);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new WrongInput($"{error.Message} Give a decision log that can be read.", error);
        }
    }

    private static void Report(ReplayResult replay, ToolConsole console, OutputFormat format)
    {
        if (format == OutputFormat.Json)
        {
            JsonOutput.Write(console, json => ReplayReport.WriteJson(json, replay));
        }
        else
        {
            console.Write(ReplayReport.Table(replay), format);
        }

        if (replay.Difference is LineDifference difference)
        {
            console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Line {difference.Line} differs: {difference.Reason}"));
            console.Error.WriteLine($"  logged:   {difference.Logged}");
            console.Error.WriteLine($"  replayed: {difference.Replayed ?? "nothing"}");
            console.ExitCode = KvschedCommand.Different;
        }
        else if (replay.Incomplete is string reason)
        {
            throw new WrongInput(string.Create(CultureInfo.InvariantCulture, $"The log is incomplete behind line {replay.EqualLines}, up to which all is equal. {reason}"));
        }
    }

    private static void WriteSteps(string path, string target)
    {
        using FileStream log = File.OpenRead(path);
        using var csv = new StreamWriter(target);
        csv.Write("prefill_tokens,decode_rows,kv_tokens,milliseconds\n");
        foreach (StepTime step in DecisionLog.Steps(log))
        {
            csv.Write(string.Create(CultureInfo.InvariantCulture, $"{step.PrefillTokens},{step.DecodeRows},{step.KvTokens},{step.Milliseconds}\n"));
        }
    }
}
