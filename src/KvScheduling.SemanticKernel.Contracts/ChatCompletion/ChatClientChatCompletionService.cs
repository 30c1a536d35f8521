using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using Microsoft.SemanticKernel.Services;

namespace Microsoft.SemanticKernel.ChatCompletion;

/// <summary>A chat client seen as a chat completion service. What happened on the way to the answer is added to the caller's history; the answer is not.</summary>
internal sealed class ChatClientChatCompletionService : IChatCompletionService
{
    private readonly IChatClient _client;

    public ChatClientChatCompletionService(IChatClient client)
    {
        _client = client;
        var attributes = new Dictionary<string, object?>();
        if (client.GetService(typeof(ChatClientMetadata)) is ChatClientMetadata { DefaultModelId: { } modelId })
        {
            attributes[AIServiceExtensions.ModelIdKey] = modelId;
        }

        Attributes = attributes;
    }

    public IReadOnlyDictionary<string, object?> Attributes { get; }

    public async Task<IReadOnlyList<ChatMessageContent>> GetChatMessageContentsAsync(
        ChatHistory chatHistory, PromptExecutionSettings? executionSettings = null, Kernel? kernel = null, CancellationToken cancellationToken = default)
    {
        ChatResponse response = await _client.GetResponseAsync(
            [.. chatHistory.Select(ContentConversion.ToMessage)], executionSettings.ToChatOptions(kernel), cancellationToken).ConfigureAwait(false);
        foreach (ChatMessage message in response.Messages.SkipLast(1))
        {
            chatHistory.Add(ContentConversion.FromMessage(message, response));
        }

        return [.. response.Messages.TakeLast(1).Select(message => ContentConversion.FromMessage(message, response))];
    }

    public async IAsyncEnumerable<StreamingChatMessageContent> GetStreamingChatMessageContentsAsync(
        ChatHistory chatHistory,
        PromptExecutionSettings? executionSettings = null,
        Kernel? kernel = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ChatMessage[] messages = [.. chatHistory.Select(ContentConversion.ToMessage)];
        await foreach (ChatResponseUpdate update in _client.GetStreamingResponseAsync(messages, executionSettings.ToChatOptions(kernel), cancellationToken)
            .ConfigureAwait(false))
        {
            foreach (AIContent content in update.Contents)
            {
                if (content is Extensions.AI.FunctionCallContent or Extensions.AI.FunctionResultContent)
                {
                    ChatRole role = content is Extensions.AI.FunctionCallContent ? ChatRole.Assistant : ChatRole.Tool;
                    chatHistory.Add(ContentConversion.FromMessage(new ChatMessage(role, [content]), null));
                }
            }

            yield return ContentConversion.FromUpdate(update);
        }
    }
}
