using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Microsoft.SemanticKernel.ChatCompletion;

/// <summary>Between the contents of Semantic Kernel and those of Microsoft.Extensions.AI.</summary>
internal static class ContentConversion
{
    public static ChatMessage ToMessage(ChatMessageContent content)
    {
        var message = new ChatMessage
        {
            Role = new ChatRole(content.Role.Label),
            AdditionalProperties = content.Metadata is null ? null : new(content.Metadata),
        };
        foreach (KernelContent item in content.Items)
        {
            AIContent? part = item switch
            {
                TextContent text => new Extensions.AI.TextContent(text.Text),
                FunctionCallContent call => new Extensions.AI.FunctionCallContent(call.Id ?? string.Empty, call.FunctionName, call.Arguments),
                FunctionResultContent result => new Extensions.AI.FunctionResultContent(result.CallId ?? string.Empty, result.Result),
                _ => null,
            };
            if (part is not null)
            {
                message.Contents.Add(part);
            }
        }

        return message;
    }

    public static ChatMessageContent FromMessage(ChatMessage message, ChatResponse? response)
    {
        var content = new ChatMessageContent
        {
            Role = new AuthorRole(message.Role.Value),
            ModelId = response?.ModelId,
            InnerContent = response?.RawRepresentation ?? message.RawRepresentation,
            Metadata = new AdditionalPropertiesDictionary(message.AdditionalProperties ?? []) { ["Usage"] = response?.Usage },
        };
        foreach (AIContent part in message.Contents)
        {
            KernelContent? item = part switch
            {
                Extensions.AI.TextContent text => new TextContent(text.Text),
                Extensions.AI.FunctionCallContent call =>
                    new FunctionCallContent(call.Name, id: call.CallId, arguments: call.Arguments is null ? null : new KernelArguments(call.Arguments)),
                Extensions.AI.FunctionResultContent result =>
                    new FunctionResultContent(FindName(response, result.CallId), callId: result.CallId, result: result.Result),
                _ => null,
            };
            if (item is not null)
            {
                content.Items.Add(item);
            }
        }

        return content;
    }

    public static StreamingChatMessageContent FromUpdate(ChatResponseUpdate update)
    {
        var content = new StreamingChatMessageContent(update.Role is { } role ? new AuthorRole(role.Value) : null, null)
        {
            Metadata = update.AdditionalProperties,
            ModelId = update.ModelId,
            InnerContent = update.RawRepresentation,
        };
        foreach (AIContent part in update.Contents)
        {
            switch (part)
            {
                case Extensions.AI.TextContent text:
                    content.Items.Add(new StreamingTextContent(text.Text));
                    break;
                case Extensions.AI.FunctionCallContent call:
                    content.Items.Add(new StreamingFunctionCallUpdateContent(
                        call.CallId, call.Name, call.Arguments is null ? null : JsonSerializer.Serialize(call.Arguments)));
                    break;
                case UsageContent usage:
                    content.Metadata = new Dictionary<string, object?>(update.AdditionalProperties ?? []) { ["Usage"] = usage };
                    break;
            }
        }

        return content;
    }

    private static string? FindName(ChatResponse? response, string callId) =>
        response?.Messages.SelectMany(static message => message.Contents).OfType<Extensions.AI.FunctionCallContent>()
            .FirstOrDefault(call => call.CallId == callId)?.Name;
}
