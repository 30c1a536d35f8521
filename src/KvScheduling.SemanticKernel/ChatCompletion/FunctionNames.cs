using Microsoft.Extensions.AI;
using Microsoft.SemanticKernel;

namespace KvScheduling.SemanticKernel;

/// <summary>The full and the short names of one request's functions. A name that two of its functions would share stays full.</summary>
internal sealed class FunctionNames
{
    private readonly Dictionary<string, string> _toShort;

    private FunctionNames(Dictionary<string, string> toShort)
    {
        _toShort = toShort;
        ToFull = toShort.ToDictionary(static pair => pair.Value, static pair => pair.Key);
    }

    public IReadOnlyDictionary<string, string> ToFull { get; }

    /// <summary>The names of a request that wants them short; <see langword="null"/> where there is nothing to shorten.</summary>
    public static FunctionNames? Create(ChatOptions? options)
    {
        if (options is not { Tools.Count: > 0, AdditionalProperties: { } properties }
            || !properties.TryGetValue(KvSchedulingPromptExecutionSettings.ShortFunctionNamesKey, out object? flag)
            || SettingValue.ToFlag(flag) is not true)
        {
            return null;
        }

        ILookup<string, AITool> byShortName = options.Tools.ToLookup(ShortNameOf);
        Dictionary<string, string> toShort = [];
        foreach (IGrouping<string, AITool> sameName in byShortName)
        {
            AITool tool = sameName.First();
            if (sameName.Count() == 1 && tool.Name != sameName.Key)
            {
                toShort[tool.Name] = sameName.Key;
            }
        }

        return toShort.Count == 0 ? null : new FunctionNames(toShort);
    }

    /// <summary>The options with the functions under their short names; a copy.</summary>
    public ChatOptions Shorten(ChatOptions options)
    {
        ChatOptions copy = options.Clone();
        copy.Tools = [.. options.Tools!.Select(Shorten)];
        return copy;
    }

    /// <summary>The message with earlier calls under their short names; a copy where there are any.</summary>
    public ChatMessage Shorten(ChatMessage message)
    {
        if (!message.Contents.OfType<Microsoft.Extensions.AI.FunctionCallContent>().Any(call => _toShort.ContainsKey(call.Name)))
        {
            return message;
        }

        ChatMessage copy = message.Clone();
        copy.Contents = [.. message.Contents];
        ShortFunctionNamesChatClient.Rename(copy.Contents, _toShort);
        return copy;
    }

    private static string ShortNameOf(AITool tool) => tool is KernelFunction function ? function.Name : tool.Name;

    private AITool Shorten(AITool tool) =>
        tool is AIFunctionDeclaration function && _toShort.TryGetValue(tool.Name, out string? name)
            ? AIFunctionFactory.CreateDeclaration(name, function.Description, function.JsonSchema, function.ReturnJsonSchema)
            : tool;
}
