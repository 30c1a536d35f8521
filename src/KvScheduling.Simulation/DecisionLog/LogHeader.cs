using System.Text.Json;

namespace KvScheduling.Simulation;

/// <summary>The first line of a decision log.</summary>
internal sealed record LogHeader(KvSchedulingOptions Options, EngineDescription Engine)
{
    /// <exception cref="DecisionLogException">It is not the header of a log that this version reads.</exception>
    public static LogHeader Read(LogLines lines)
    {
        if (!lines.Next())
        {
            throw new DecisionLogException("The file is no decision log: it has no whole line. Give a file that a scheduler with KvSchedulingOptions.DecisionLog has written.");
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(lines.Current);
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty(DecisionLogFormat.Log, out JsonElement name) || !name.ValueEquals(DecisionLogFormat.LogName))
            {
                throw new DecisionLogException("Line 1 is not the header of a decision log. Give a file that a scheduler with KvSchedulingOptions.DecisionLog has written.");
            }

            int version = root.GetProperty(DecisionLogFormat.Version).GetInt32();
            return version == DecisionLogFormat.CurrentVersion
                ? new LogHeader(DecisionLogSettings.ReadOptions(root.GetProperty(DecisionLogFormat.Options)), DecisionLogSettings.ReadEngine(root.GetProperty(DecisionLogFormat.Engine)))
                : throw new DecisionLogException($"The log has version {version}; this program reads version {DecisionLogFormat.CurrentVersion}. Use the version of kvsched that belongs to the scheduler.");
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new DecisionLogException($"Line 1 is not the header of a decision log: {error.Message}", error);
        }
    }
}
