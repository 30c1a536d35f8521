using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace KvScheduling;

/// <summary>Reads additional properties that may come as numbers of any type, as text or as JSON elements. A wrong one is refused with its key.</summary>
internal static class ScalarProperties
{
    /// <summary>Reads a number; <see langword="null"/> when the key is absent or its value null.</summary>
    public static double? ReadNumber(AdditionalPropertiesDictionary properties, string key)
    {
        object? value = Find(properties, key);
        double? number = value switch
        {
            null => null,
            sbyte or byte or short or ushort or int or uint or long or ulong or float or double or decimal =>
                Convert.ToDouble(value, CultureInfo.InvariantCulture),
            string text => Parse(text),
            JsonElement { ValueKind: JsonValueKind.Number } element => element.GetDouble(),
            JsonElement { ValueKind: JsonValueKind.String } element => Parse(element.GetString()!),
            _ => double.NaN,
        };
        return number is null || double.IsFinite(number.Value) ? number : throw Wrong(key, "must be a number");
    }

    /// <summary>Reads an integer; <see langword="null"/> when the key is absent or its value null.</summary>
    public static int? ReadInt32(AdditionalPropertiesDictionary properties, string key, int minimum = int.MinValue)
    {
        double? number = ReadNumber(properties, key);
        if (number is null)
        {
            return null;
        }

        return double.IsInteger(number.Value) && number >= minimum && number <= int.MaxValue
            ? (int)number.Value
            : throw Wrong(key, minimum == int.MinValue ? "must be an integer of 32 bits" : $"must be an integer of at least {minimum}");
    }

    /// <summary>Reads text; <see langword="null"/> when the key is absent or its value null.</summary>
    public static string? ReadText(AdditionalPropertiesDictionary properties, string key) => Find(properties, key) switch
    {
        null => null,
        string text => text,
        JsonElement { ValueKind: JsonValueKind.String } element => element.GetString(),
        _ => throw Wrong(key, "must be text"),
    };

    /// <summary>Reads a name of an enumeration, or its value; <see langword="null"/> when the key is absent or its value null.</summary>
    public static T? ReadEnum<T>(AdditionalPropertiesDictionary properties, string key)
        where T : struct, Enum
    {
        if (Find(properties, key) is T value)
        {
            return Enum.IsDefined(value) ? value : throw WrongName<T>(key);
        }

        string? text = ReadText(properties, key);
        if (text is null)
        {
            return null;
        }

        // By name only: Enum.TryParse would take "7" as well.
        return Enum.GetNames<T>().FirstOrDefault(name => name.Equals(text, StringComparison.OrdinalIgnoreCase)) is { } match
            ? Enum.Parse<T>(match)
            : throw WrongName<T>(key);
    }

    public static ArgumentException Wrong(string key, string requirement) => new($"The additional property '{key}' {requirement}.", key);

    private static ArgumentException WrongName<T>(string key)
        where T : struct, Enum =>
        Wrong(key, $"must be one of {string.Join(", ", Enum.GetNames<T>())}");

    private static object? Find(AdditionalPropertiesDictionary properties, string key) =>
        properties.TryGetValue(key, out object? value) && value is not JsonElement { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined } ? value : null;

    private static double Parse(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number : double.NaN;
}
