using Microsoft.Extensions.AI;

namespace Microsoft.SemanticKernel.ChatCompletion;

public static class ChatClientExtensions
{
    public static IChatCompletionService AsChatCompletionService(this IChatClient client, IServiceProvider? serviceProvider = null) =>
        new ChatClientChatCompletionService(client);
}
