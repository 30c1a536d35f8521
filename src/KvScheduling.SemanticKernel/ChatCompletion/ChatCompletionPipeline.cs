using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.ChatCompletion;

namespace KvScheduling.SemanticKernel;

/// <summary>Puts a chat completion service together from a chat client. The loop that calls functions is Semantic Kernel's own, so that filters, choice behaviors and histories are what they are with every other connector.</summary>
internal static class ChatCompletionPipeline
{
    public static IChatCompletionService Create(IServiceProvider services, IChatClient client)
    {
        IChatClient pipeline = new ReportingChatClient(new ShortFunctionNamesChatClient(client))
            .AsBuilder()
            .UseKernelFunctionInvocation(services.GetService<ILoggerFactory>())
            .Build(services);
        if (pipeline.GetService(typeof(FunctionInvokingChatClient)) is FunctionInvokingChatClient functions)
        {
            // The model is told why a function failed, as it is by the connectors with a loop of their own; it can correct an argument only if it knows which.
            functions.IncludeDetailedErrors = true;
        }

        return pipeline.AsChatCompletionService(services);
    }
}
