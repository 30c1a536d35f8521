using System.Globalization;
using System.Text.Json;

namespace KvScheduling.Simulation;

/// <summary>Cost models by name, as commands and configuration give them.</summary>
public static class CostModels
{
    /// <summary>One second per iteration, whatever it computes.</summary>
    public const string Unit = "unit";

    /// <summary>Llama-2-7B on one A100.</summary>
    public const string Llama2A100 = "llama2-7b-a100";

    private const string LinearPrefix = "linear:";
    private static readonly string[] Coefficients = ["d0", "d1", "d2", "d3"];

    /// <summary>Reads <c>unit</c>, <c>llama2-7b-a100</c>, <c>linear:d0,d1,d2,d3</c> (milliseconds) or the path of a JSON file with <c>d0</c> to <c>d3</c>.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="FormatException">It is none of them; the message says what it may be.</exception>
    public static IIterationCostModel Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Equals(Unit, StringComparison.OrdinalIgnoreCase))
        {
            return UnitCostModel.Rounds;
        }

        if (text.Equals(Llama2A100, StringComparison.OrdinalIgnoreCase))
        {
            return Llama2A100CostModel.Instance;
        }

        if (text.StartsWith(LinearPrefix, StringComparison.OrdinalIgnoreCase))
        {
            return Linear(Numbers(text));
        }

        return File.Exists(text)
            ? Linear(FromFile(text))
            : throw new FormatException($"'{text}' is no cost model, and no file of that name exists. Give {Unit}, {Llama2A100}, linear:d0,d1,d2,d3 in milliseconds, or a file that holds them.");
    }

    private static LinearCostModel Linear(double[] d) => new(d[0], d[1], d[2], d[3]);

    private static double[] Numbers(string text)
    {
        string[] parts = text[LinearPrefix.Length..].Split(',');
        double[] numbers = new double[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (!double.TryParse(parts[i], NumberStyles.Float, CultureInfo.InvariantCulture, out numbers[i]) || !IsCost(numbers[i]))
            {
                throw new FormatException($"'{parts[i]}' in '{text}' must be a number of milliseconds, zero or more.");
            }
        }

        return numbers.Length == Coefficients.Length
            ? numbers
            : throw new FormatException($"'{text}' must have four numbers: linear:d0,d1,d2,d3, in milliseconds per iteration, prefill token, decode row and KV token.");
    }

    private static double[] FromFile(string path)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllText(path));
            return Array.ConvertAll(Coefficients, name => Coefficient(document.RootElement, name, path));
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new FormatException($"{path} is no cost model: {error.Message} It must be a JSON object with the numbers d0, d1, d2 and d3, in milliseconds.", error);
        }
    }

    private static double Coefficient(JsonElement root, string name, string path) =>
        root.ValueKind == JsonValueKind.Object && root.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number && IsCost(value.GetDouble())
            ? value.GetDouble()
            : throw new FormatException($"{path} has no usable '{name}'. It must be a JSON object with the numbers d0, d1, d2 and d3: milliseconds, zero or more.");

    private static bool IsCost(double value) => value >= 0 && double.IsFinite(value);
}
