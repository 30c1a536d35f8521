using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.Extensions.AI;

public sealed class ChatClientBuilder
{
    private static readonly IServiceProvider NoServices = new ServiceCollection().BuildServiceProvider();

    private readonly IChatClient _innerClient;
    private readonly List<Func<IChatClient, IServiceProvider, IChatClient>> _factories = [];

    public ChatClientBuilder(IChatClient innerClient) => _innerClient = innerClient;

    public ChatClientBuilder Use(Func<IChatClient, IChatClient> clientFactory) => Use((client, _) => clientFactory(client));

    public ChatClientBuilder Use(Func<IChatClient, IServiceProvider, IChatClient> clientFactory)
    {
        _factories.Add(clientFactory);
        return this;
    }

    /// <summary>The factory that was added first becomes the outermost client.</summary>
    public IChatClient Build(IServiceProvider? services = null)
    {
        IChatClient client = _innerClient;
        for (int i = _factories.Count - 1; i >= 0; i--)
        {
            client = _factories[i](client, services ?? NoServices);
        }

        return client;
    }
}

public static class ChatClientBuilderChatClientExtensions
{
    public static ChatClientBuilder AsBuilder(this IChatClient innerClient) => new(innerClient);
}
