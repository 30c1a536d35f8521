using System.Text.Json;
using Microsoft.Extensions.AI;

namespace KvScheduling.AspNetCore;

/// <summary>Reads <c>tools</c>, <c>tool_choice</c> and <c>parallel_tool_calls</c>. Tools are declared to the model, never called here.</summary>
/// <remarks>A function's <c>strict</c> is taken and not enforced: arguments are what the model wrote.</remarks>
internal static class ToolReader
{
    private const int MaxNameLength = 64;
    private static readonly JsonElement NoParameters = JsonElement.Parse("""{"type":"object","properties":{}}""");

    public static void Read(JsonField root, ChatOptions options)
    {
        if (root.TryGet("tools", out JsonField tools))
        {
            options.Tools = ReadTools(tools);
        }

        if (root.TryGet("tool_choice", out JsonField choice))
        {
            options.ToolMode = ReadChoice(choice, options.Tools);
        }

        if (root.TryGet("parallel_tool_calls", out JsonField parallel))
        {
            options.AllowMultipleToolCalls = parallel.AsBoolean();
        }
    }

    private static List<AITool> ReadTools(JsonField field)
    {
        List<AITool> tools = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (JsonField tool in field.AsArray())
        {
            JsonField type = tool.AsObject().Require("type");
            if (type.AsString() != "function")
            {
                throw type.Error("must be 'function', the only kind of tool that is supported.");
            }

            JsonField function = tool.Require("function").AsObject();
            JsonField name = function.Require("name");
            if (!IsFunctionName(name.AsString()))
            {
                throw name.Error($"must be 1 to {MaxNameLength} letters, digits, underscores or dashes.");
            }

            if (!names.Add(name.AsString()))
            {
                throw name.Error($"declares the function '{name.AsString()}' twice.");
            }

            string? description = function.TryGet("description", out JsonField text) ? text.AsString() : null;
            JsonElement parameters = function.TryGet("parameters", out JsonField schema) ? schema.AsObject().Clone() : NoParameters;
            tools.Add(AIFunctionFactory.CreateDeclaration(name.AsString(), description, parameters));
        }

        return tools;
    }

    private static ChatToolMode ReadChoice(JsonField choice, IList<AITool>? tools)
    {
        if (choice.Kind == JsonValueKind.Object)
        {
            JsonField type = choice.Require("type");
            if (type.AsString() != "function")
            {
                throw type.Error("must be 'function', the only kind of tool choice that is supported.");
            }

            JsonField name = choice.Require("function").AsObject().Require("name");
            return tools is not null && tools.Any(tool => tool.Name == name.AsString())
                ? ChatToolMode.RequireSpecific(name.AsString())
                : throw name.Error($"names the function '{name.AsString()}', which is not in 'tools'.");
        }

        if (choice.Kind != JsonValueKind.String)
        {
            throw choice.WrongType("a string or an object");
        }

        return choice.AsString() switch
        {
            "none" => ChatToolMode.None,
            "auto" => ChatToolMode.Auto,
            "required" when tools is { Count: > 0 } => ChatToolMode.RequireAny,
            "required" => throw choice.Error("is 'required', but there are no 'tools'."),
            _ => throw choice.Error("must be 'none', 'auto', 'required', or an object that names a function."),
        };
    }

    private static bool IsFunctionName(string name) =>
        name.Length is > 0 and <= MaxNameLength && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');
}
