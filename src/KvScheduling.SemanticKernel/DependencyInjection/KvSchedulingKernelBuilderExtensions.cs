using Microsoft.Extensions.AI;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.ChatCompletion;

namespace KvScheduling.SemanticKernel;

/// <summary>Adds a scheduler to a kernel as its chat completion service.</summary>
public static class KvSchedulingKernelBuilderExtensions
{
    /// <summary>Adds the <see cref="IChatCompletionService"/> of a scheduler that AddKvScheduling registered on <see cref="IKernelBuilder.Services"/>.</summary>
    /// <param name="builder">The kernel builder.</param>
    /// <param name="schedulerName">The scheduler's name. The default value is <see langword="null"/>: the default scheduler.</param>
    /// <param name="serviceId">The id by which prompts and calls choose the service; its key. The default value is <see langword="null"/>: the kernel's default service, which needs no id.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is <see langword="null"/>.</exception>
    /// <remarks>The scheduler starts with its first request unless a host starts it. Kernels that are built one by one have one scheduler each; to share one, register it with the application's services, or hand in its client.</remarks>
    public static IKernelBuilder AddKvSchedulingChatCompletion(this IKernelBuilder builder, string? schedulerName = null, string? serviceId = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddKvSchedulingChatCompletion(schedulerName, serviceId);
        return builder;
    }

    /// <summary>Adds the <see cref="IChatCompletionService"/> of a chat client: one of <see cref="KvSchedulerHost.ChatClient"/>, say, which several kernels share.</summary>
    /// <param name="builder">The kernel builder.</param>
    /// <param name="chatClient">The client. It is not disposed with the kernel.</param>
    /// <param name="serviceId">The id by which prompts and calls choose the service; its key. The default value is <see langword="null"/>: the kernel's default service, which needs no id.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> or <paramref name="chatClient"/> is <see langword="null"/>.</exception>
    public static IKernelBuilder AddKvSchedulingChatCompletion(this IKernelBuilder builder, IChatClient chatClient, string? serviceId = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddKvSchedulingChatCompletion(chatClient, serviceId);
        return builder;
    }
}
