using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using FunctionCallContent = Microsoft.Extensions.AI.FunctionCallContent;

namespace KvScheduling.SemanticKernel;

/// <summary>Shows the model functions under their own names, without the plugin's, in requests that ask for it; everybody else goes on seeing the full names.</summary>
internal sealed class ShortFunctionNamesChatClient(IChatClient innerClient) : DelegatingChatClient(innerClient)
{
    public override async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        if (FunctionNames.Create(options) is not { } names)
        {
            return await base.GetResponseAsync(messages, options, cancellationToken).ConfigureAwait(false);
        }

        ChatResponse response = await base.GetResponseAsync(messages.Select(names.Shorten), names.Shorten(options!), cancellationToken).ConfigureAwait(false);
        foreach (ChatMessage message in response.Messages)
        {
            Rename(message.Contents, names.ToFull);
        }

        return response;
    }

    public override IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        FunctionNames.Create(options) is { } names
            ? StreamAsync(messages.Select(names.Shorten), names.Shorten(options!), names, cancellationToken)
            : base.GetStreamingResponseAsync(messages, options, cancellationToken);

    /// <summary>Puts calls under another name in their place.</summary>
    internal static void Rename(IList<AIContent> contents, IReadOnlyDictionary<string, string> names)
    {
        for (int i = 0; i < contents.Count; i++)
        {
            if (contents[i] is FunctionCallContent call && names.TryGetValue(call.Name, out string? name))
            {
                contents[i] = new FunctionCallContent(call.CallId, name, call.Arguments)
                {
                    Exception = call.Exception,
                    RawRepresentation = call.RawRepresentation,
                    AdditionalProperties = call.AdditionalProperties,
                };
            }
        }
    }

    private async IAsyncEnumerable<ChatResponseUpdate> StreamAsync(
        IEnumerable<ChatMessage> messages, ChatOptions options, FunctionNames names, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (ChatResponseUpdate update in base.GetStreamingResponseAsync(messages, options, cancellationToken).ConfigureAwait(false))
        {
            Rename(update.Contents, names.ToFull);
            yield return update;
        }
    }
}
