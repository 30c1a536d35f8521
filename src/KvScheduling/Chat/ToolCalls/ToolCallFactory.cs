using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace KvScheduling;

/// <summary>Makes call contents of what a model wrote.</summary>
internal static class ToolCallFactory
{
    private const string IdCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    /// <summary>Mistral's templates refuse every other length.</summary>
    private const int MistralIdLength = 9;

    /// <summary>Creates a call. Arguments that are no JSON object become its <see cref="FunctionCallContent.Exception"/>, with the text as
    /// <see cref="AIContent.RawRepresentation"/>.</summary>
    /// <param name="name">The tool's name.</param>
    /// <param name="arguments">The arguments' JSON; <see langword="null"/> or empty for none.</param>
    /// <param name="format">The syntax of the call, which the id must suit.</param>
    public static FunctionCallContent Create(string name, string? arguments, ToolCallFormat format)
    {
        string text = string.IsNullOrWhiteSpace(arguments) ? "{}" : arguments;
        string id = format == ToolCallFormat.Mistral
            ? RandomNumberGenerator.GetString(IdCharacters, MistralIdLength)
            : "call_" + Guid.NewGuid().ToString("n");
        FunctionCallContent call = FunctionCallContent.CreateFromParsedArguments(text, id, name, static json => Parse(json));
        if (call.Exception is not null)
        {
            call.RawRepresentation = text;
        }

        return call;
    }

    private static Dictionary<string, object?> Parse(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        JsonElement root = document.RootElement;
        switch (root.ValueKind)
        {
            case JsonValueKind.Object:
                Dictionary<string, object?> arguments = [];
                foreach (JsonProperty property in root.EnumerateObject())
                {
                    arguments[property.Name] = property.Value.ValueKind == JsonValueKind.Null ? null : property.Value.Clone();
                }

                return arguments;
            case JsonValueKind.Null:
                return [];
            case JsonValueKind.String when root.GetString() is { } text && text.AsSpan().TrimStart().StartsWith('{'):
                // OpenAI's wire format has the object as text inside a string, and some models learned to write that.
                return Parse(text);
            default:
                throw new JsonException($"The arguments of a tool call must be a JSON object, but are of kind {root.ValueKind}.");
        }
    }
}
