using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.SemanticKernel.ChatCompletion;

namespace KvScheduling.SemanticKernel;

/// <summary>Registers a scheduler as a chat completion service of Semantic Kernel.</summary>
public static class KvSchedulingChatCompletionServiceCollectionExtensions
{
    /// <summary>Registers the <see cref="IChatCompletionService"/> of a scheduler that AddKvScheduling registered.</summary>
    /// <param name="services">The services.</param>
    /// <param name="schedulerName">The scheduler's name. The default value is <see langword="null"/>: the default scheduler.</param>
    /// <param name="serviceId">The service key. The default value is <see langword="null"/>: registered without a key. A kernel that the application's services make (AddKernel) finds a keyed service only by its key.</param>
    /// <returns>The same services.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> is <see langword="null"/>.</exception>
    public static IServiceCollection AddKvSchedulingChatCompletion(this IServiceCollection services, string? schedulerName = null, string? serviceId = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        return services.AddKeyedSingleton<IChatCompletionService>(
            serviceId, (provider, _) => ChatCompletionPipeline.Create(provider, FindClient(provider, schedulerName ?? string.Empty)));
    }

    /// <summary>Registers the <see cref="IChatCompletionService"/> of a chat client.</summary>
    /// <param name="services">The services.</param>
    /// <param name="chatClient">The client. It is not disposed with the services.</param>
    /// <param name="serviceId">The service key. The default value is <see langword="null"/>: registered without a key. A kernel that the application's services make (AddKernel) finds a keyed service only by its key.</param>
    /// <returns>The same services.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> or <paramref name="chatClient"/> is <see langword="null"/>.</exception>
    public static IServiceCollection AddKvSchedulingChatCompletion(this IServiceCollection services, IChatClient chatClient, string? serviceId = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(chatClient);
        return services.AddKeyedSingleton<IChatCompletionService>(serviceId, (provider, _) => ChatCompletionPipeline.Create(provider, chatClient));
    }

    private static IChatClient FindClient(IServiceProvider provider, string schedulerName) =>
        provider.GetKeyedService<IChatClient>(schedulerName) ?? throw new InvalidOperationException(NotRegistered(schedulerName));

    private static string NotRegistered(string schedulerName)
    {
        bool isDefault = schedulerName.Length == 0;
        string which = isDefault ? "No scheduler" : $"No scheduler named '{schedulerName}'";
        string argument = isDefault ? string.Empty : $"\"{schedulerName}\"";
        return $"{which} is registered beside the chat completion service. "
            + $"Register it first, with its engine: builder.Services.AddKvScheduling({argument}).AddManagedEngine(\"models/tiny-chat\").";
    }
}
