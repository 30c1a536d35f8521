using System.Globalization;
using System.Text.Json;

namespace KvScheduling.SemanticKernel;

/// <summary>Reads an entry of the extension data, which may have been set by hand, read from JSON or read from YAML.</summary>
internal static class SettingValue
{
    public static double? ToNumber(object? value) => value switch
    {
        null => null,
        JsonElement { ValueKind: JsonValueKind.Number } json => json.GetDouble(),
        JsonElement { ValueKind: JsonValueKind.String } json => Parse(json.GetString()),
        string text => Parse(text),
        IConvertible number => number.ToDouble(CultureInfo.InvariantCulture),
        _ => null,
    };

    public static long? ToInteger(object? value) => value switch
    {
        // Not through a double, which is exact only to 2^53.
        long number => number,
        JsonElement { ValueKind: JsonValueKind.Number } json when json.TryGetInt64(out long number) => number,
        _ => ToNumber(value) is { } number && Math.Abs(number) < long.MaxValue ? (long)number : null,
    };

    public static bool? ToFlag(object? value) => value switch
    {
        bool flag => flag,
        JsonElement { ValueKind: JsonValueKind.True } => true,
        JsonElement { ValueKind: JsonValueKind.False } => false,
        _ => bool.TryParse(ToText(value), out bool flag) ? flag : null,
    };

    public static string? ToText(object? value) => value switch
    {
        string text => text,
        JsonElement { ValueKind: JsonValueKind.String } json => json.GetString(),
        _ => null,
    };

    public static IReadOnlyList<string>? ToTexts(object? value) => value switch
    {
        IEnumerable<string> texts => [.. texts],
        IEnumerable<object> items => [.. items.Select(static item => ToText(item)).OfType<string>()],
        JsonElement { ValueKind: JsonValueKind.Array } json => [.. json.EnumerateArray().Select(static item => ToText(item)).OfType<string>()],
        _ => null,
    };

    private static double? Parse(string? text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number : null;
}
