using System.Text.Json;

namespace KvScheduling;

/// <summary>The members of a tool call as the model wrote it.</summary>
/// <param name="Name">The tool's name.</param>
/// <param name="Arguments">The JSON behind <c>arguments</c> or <c>parameters</c>, valid or not; <see langword="null"/> when there is no such member.</param>
/// <param name="AreArgumentsWhole">Whether the arguments end by themselves and not by the end of the text.</param>
internal readonly record struct ToolCallText(string Name, string? Arguments, bool AreArgumentsWhole)
{
    /// <summary>Takes an object apart. Lenient: models forget a brace or write arguments that are no JSON, and a caller must hear of both.</summary>
    /// <param name="json">From the opening brace on.</param>
    /// <param name="call">The call.</param>
    /// <returns>Whether the object has a name.</returns>
    public static bool TryRead(ReadOnlySpan<char> json, out ToolCallText call)
    {
        string? name = null;
        string? arguments = null;
        bool areArgumentsWhole = false;
        ReadOnlySpan<char> rest = json.TrimStart();
        rest = rest.StartsWith('{') ? rest[1..] : [];
        while (TryReadMember(ref rest, out string? key, out ReadOnlySpan<char> value, out bool isWhole))
        {
            switch (key)
            {
                case "name":
                    name ??= ReadString(value);
                    break;
                case "arguments" or "parameters" when arguments is null:
                    arguments = value.ToString();
                    areArgumentsWhole = isWhole;
                    break;
                default:
                    break;
            }
        }

        call = new ToolCallText(name ?? string.Empty, arguments, areArgumentsWhole);
        return !string.IsNullOrEmpty(name);
    }

    private static bool TryReadMember(ref ReadOnlySpan<char> rest, out string? key, out ReadOnlySpan<char> value, out bool isWhole)
    {
        rest = rest.TrimStart();
        rest = rest.StartsWith(',') ? rest[1..].TrimStart() : rest;
        value = default;
        isWhole = false;
        key = null;
        if (!rest.StartsWith('"'))
        {
            return false;
        }

        int keyLength = ValueLength(rest, out _);
        key = ReadString(rest[..keyLength].TrimEnd());
        rest = rest[keyLength..];
        if (key is null || !rest.StartsWith(':'))
        {
            return false;
        }

        rest = rest[1..].TrimStart();
        int length = ValueLength(rest, out bool endsItself);
        value = rest[..length].TrimEnd();
        rest = rest[length..];
        isWhole = endsItself && value.Length > 0;
        return true;
    }

    /// <summary>How far a value reaches: to a comma, colon or closing bracket outside it, or to the end.</summary>
    private static int ValueLength(ReadOnlySpan<char> text, out bool endsItself)
    {
        JsonBalance balance = default;
        for (int i = 0; i < text.Length; i++)
        {
            if (balance.IsBalanced && text[i] is (',' or ':' or '}' or ']'))
            {
                endsItself = true;
                return i;
            }

            balance.Append(text[i]);
        }

        // A number that the text ends in may have been meant longer; brackets and quotes say when they are done.
        endsItself = balance.IsBalanced && text.TrimEnd() is [.., '}' or ']' or '"'];
        return text.Length;
    }

    private static string? ReadString(ReadOnlySpan<char> literal)
    {
        if (literal is not ['"', .., '"'])
        {
            return null;
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(literal.ToString());
            return document.RootElement.GetString();
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
