using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Microsoft.SemanticKernel;

public static class PromptExecutionSettingsExtensions
{
    public static ChatOptions? ToChatOptions(this PromptExecutionSettings? settings, Kernel? kernel)
    {
        if (settings is null)
        {
            return null;
        }

        FunctionChoiceBehavior? behavior = settings.FunctionChoiceBehavior;
        ChatOptions options = new() { ModelId = settings.ModelId };

        // Through JSON, as the original does with derived settings: what can't be written as JSON does not arrive, and numbers arrive as doubles.
        using JsonDocument json = JsonSerializer.SerializeToDocument(settings, settings.GetType());
        foreach (JsonProperty property in json.RootElement.EnumerateObject())
        {
            Set(options, property.Name, property.Value);
        }

        if (behavior?.GetFunctions(kernel) is { Count: > 0 } functions)
        {
            options.ToolMode = behavior switch
            {
                RequiredFunctionChoiceBehavior => ChatToolMode.RequireAny,
                NoneFunctionChoiceBehavior => ChatToolMode.None,
                _ => ChatToolMode.Auto,
            };
            options.AllowMultipleToolCalls = behavior is NoneFunctionChoiceBehavior ? null : behavior.ChosenOptions?.AllowParallelCalls;
            options.Tools = [.. functions];
        }

        return kernel is null ? options : new KernelChatOptions(options, kernel, behavior);
    }

    private static void Set(ChatOptions options, string name, JsonElement value)
    {
        switch (name)
        {
            case "service_id" or "model_id":
                break;
            case "temperature":
                options.Temperature = value.GetSingle();
                break;
            case "top_p":
                options.TopP = value.GetSingle();
                break;
            case "top_k":
                options.TopK = value.GetInt32();
                break;
            case "seed":
                options.Seed = value.GetInt64();
                break;
            case "max_tokens":
                options.MaxOutputTokens = value.GetInt32();
                break;
            case "frequency_penalty":
                options.FrequencyPenalty = value.GetSingle();
                break;
            case "presence_penalty":
                options.PresencePenalty = value.GetSingle();
                break;
            case "stop_sequences":
                options.StopSequences = [.. value.EnumerateArray().Select(static item => item.GetString()!)];
                break;
            default:
                (options.AdditionalProperties ??= [])[name] = value.ValueKind switch
                {
                    JsonValueKind.String => value.GetString(),
                    JsonValueKind.Number => value.GetDouble(),
                    JsonValueKind.True => true,
                    JsonValueKind.False => false,
                    JsonValueKind.Null => null,
                    _ => value.Clone(),
                };
                break;
        }
    }
}
