using System.Text.Json;
using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary>What a replay found, for people and programs.</summary>
internal static class ReplayReport
{
    public static ResultTable Table(ReplayResult replay)
    {
        var table = new ResultTable("policy", "equal_lines", "equal", "first_different_line");
        table.Add(replay.Policy, replay.EqualLines, replay.IsEqual ? "yes" : "no", replay.Difference?.Line);
        return table;
    }

    public static void WriteJson(Utf8JsonWriter json, ReplayResult replay)
    {
        json.WriteString("policy", replay.Policy);
        json.WriteNumber("equal_lines", replay.EqualLines);
        json.WriteBoolean("equal", replay.IsEqual);
        if (replay.Difference is LineDifference difference)
        {
            json.WriteStartObject("difference");
            json.WriteNumber("line", difference.Line);
            json.WriteString("reason", difference.Reason);
            json.WriteString("logged", difference.Logged);
            json.WriteString("replayed", difference.Replayed);
            json.WriteEndObject();
        }

        json.WriteString("incomplete", replay.Incomplete);
    }
}
