using System.Globalization;
using System.Text.Json;

namespace KvScheduling.Tool;

/// <summary>What <c>kvsched thresholds</c> says.</summary>
/// <param name="IsFeasible">Whether the conditions of the policy hold and the KV fits.</param>
/// <param name="Thresholds">By type or by segment.</param>
/// <param name="KvTokens">KV tokens held when every stage is full.</param>
/// <param name="IterationSeconds">The time of a full iteration.</param>
/// <param name="Nested">What Nested WAIT adds.</param>
internal sealed record ThresholdFigures(bool IsFeasible, IReadOnlyList<double> Thresholds, double KvTokens, double IterationSeconds, NestedWaitThresholds? Nested)
{
    public void WriteJson(Utf8JsonWriter json)
    {
        json.WriteBoolean("feasible", IsFeasible);
        json.WriteNumbersOrNull("thresholds", Thresholds);
        json.WriteNumberOrNull("kv_tokens", KvTokens);
        json.WriteNumberOrNull("iteration_seconds", IterationSeconds);
        if (Nested is not null)
        {
            json.WriteNumberOrNull("base_kv_tokens", Nested.BaseKvTokens);
            json.WriteNumbersOrNull("theta", Nested.Theta);
            json.WriteNumberOrNull("buffer_kv_tokens", Nested.BufferKvTokens);
            json.WriteNumberOrNull("required_kv_tokens", Nested.RequiredKvTokens);
        }
    }

    public ResultTable Table()
    {
        var table = new ResultTable("figure", "value", "meaning");
        table.Add("feasible", IsFeasible ? "yes" : "no", "the conditions hold and the KV fits");
        table.Add("thresholds", List(Thresholds), Nested is null ? "by type" : "by segment");
        table.Add("KV tokens", KvTokens, "held when every stage is full");
        table.Add("iteration", IterationSeconds, "seconds, full");
        if (Nested is not null)
        {
            table.Add("theta", List(Nested.Theta), "decay of each boundary queue");
            table.Add("buffer", Nested.BufferKvTokens, "KV tokens that may stand at boundaries");
            table.Add("required", Nested.RequiredKvTokens, "KV tokens that suffice");
        }

        return table;
    }

    private static string List(IReadOnlyList<double> values) => string.Join(", ", values.Select(static value => value.ToString("0.####", CultureInfo.InvariantCulture)));
}
