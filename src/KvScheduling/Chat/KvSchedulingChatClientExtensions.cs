using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace KvScheduling;

/// <summary>Shortcuts over a chat client.</summary>
public static class KvSchedulingChatClientExtensions
{
    /// <summary>Streams the text of an answer: what a server-sent events endpoint or a console writes.</summary>
    /// <param name="client">The client.</param>
    /// <param name="prompt">The user's message.</param>
    /// <param name="options">The options of the request.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The text of each update that has some.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="client"/> or <paramref name="prompt"/> is <see langword="null"/>.</exception>
    public static IAsyncEnumerable<string> StreamTextAsync(
        this IChatClient client, string prompt, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(prompt);
        return ReadTextAsync(client.GetStreamingResponseAsync([new ChatMessage(ChatRole.User, prompt)], options, cancellationToken), cancellationToken);
    }

    private static async IAsyncEnumerable<string> ReadTextAsync(
        IAsyncEnumerable<ChatResponseUpdate> updates, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (ChatResponseUpdate update in updates.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            string text = update.Text;
            if (text.Length > 0)
            {
                yield return text;
            }
        }
    }
}
