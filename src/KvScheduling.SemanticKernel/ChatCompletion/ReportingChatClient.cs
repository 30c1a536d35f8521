using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace KvScheduling.SemanticKernel;

/// <summary>Puts on the messages and updates what Semantic Kernel shows as their metadata: it takes the properties of a message and never those of a response, and drops the finish reason.</summary>
internal sealed class ReportingChatClient(IChatClient innerClient) : DelegatingChatClient(innerClient)
{
    /// <summary>The key under which connectors of Semantic Kernel show the finish reason.</summary>
    private const string FinishReasonKey = "FinishReason";

    public override async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ChatResponse response = await base.GetResponseAsync(messages, options, cancellationToken).ConfigureAwait(false);
        if (response.Messages is [.., ChatMessage last])
        {
            last.AdditionalProperties = With(last.AdditionalProperties, response.FinishReason);
            foreach ((string key, object? value) in response.AdditionalProperties ?? [])
            {
                last.AdditionalProperties[key] = value;
            }
        }

        return response;
    }

    public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (ChatResponseUpdate update in base.GetStreamingResponseAsync(messages, options, cancellationToken).ConfigureAwait(false))
        {
            if (update.FinishReason is not null)
            {
                update.AdditionalProperties = With(update.AdditionalProperties, update.FinishReason);
            }

            yield return update;
        }
    }

    private static AdditionalPropertiesDictionary With(AdditionalPropertiesDictionary? properties, ChatFinishReason? finishReason)
    {
        properties ??= [];
        if (finishReason is { } reason)
        {
            properties[FinishReasonKey] = reason.Value;
        }

        return properties;
    }
}
