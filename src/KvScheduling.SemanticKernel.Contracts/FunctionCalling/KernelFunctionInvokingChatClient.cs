using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;

namespace Microsoft.SemanticKernel;

/// <summary>Runs the functions of a kernel through its filters.</summary>
internal sealed class KernelFunctionInvokingChatClient : FunctionInvokingChatClient
{
    public KernelFunctionInvokingChatClient(IChatClient innerClient, ILoggerFactory? loggerFactory, IServiceProvider services)
        : base(innerClient, loggerFactory, services) => MaximumIterationsPerRequest = 128;

    public override Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        IsLeftToCaller(options) ? InnerClient.GetResponseAsync(messages, options, cancellationToken)
            : base.GetResponseAsync(messages, options, cancellationToken);

    public override IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        IsLeftToCaller(options) ? InnerClient.GetStreamingResponseAsync(messages, options, cancellationToken)
            : base.GetStreamingResponseAsync(messages, options, cancellationToken);

    protected override async ValueTask<object?> InvokeFunctionAsync(
        Microsoft.Extensions.AI.FunctionInvocationContext context, CancellationToken cancellationToken)
    {
        if (context.Options is not KernelChatOptions options)
        {
            return await base.InvokeFunctionAsync(context, cancellationToken).ConfigureAwait(false);
        }

        var call = new AutoFunctionInvocationContext(options.Kernel, (KernelFunction)context.Function)
        {
            Arguments = new KernelArguments(context.Arguments),
            CallContent = context.CallContent,
            Messages = context.Messages,
            Options = options,
            Iteration = context.Iteration,
            FunctionCallIndex = context.FunctionCallIndex,
            FunctionCount = context.FunctionCount,
            IsStreaming = context.IsStreaming,
        };
        await InvokeFilterAsync(call, 0, cancellationToken).ConfigureAwait(false);
        context.Terminate = call.Terminate;
        return call.Result.GetValue<object>();
    }

    private static bool IsLeftToCaller(ChatOptions? options) =>
        options is KernelChatOptions { Behavior: { AutoInvoke: false } and (AutoFunctionChoiceBehavior or RequiredFunctionChoiceBehavior) };

    private static async Task InvokeFilterAsync(AutoFunctionInvocationContext context, int index, CancellationToken cancellationToken)
    {
        IList<IAutoFunctionInvocationFilter> filters = context.Kernel.AutoFunctionInvocationFilters;
        if (index < filters.Count)
        {
            await filters[index].OnAutoFunctionInvocationAsync(context, next => InvokeFilterAsync(next, index + 1, cancellationToken)).ConfigureAwait(false);
        }
        else if (!context.Terminate)
        {
            context.Result = await context.Function.InvokeAsync(context.Kernel, context.Arguments, cancellationToken).ConfigureAwait(false);
        }
    }
}

public static class KernelFunctionInvokingChatClientBuilderExtensions
{
    public static ChatClientBuilder UseKernelFunctionInvocation(this ChatClientBuilder builder, ILoggerFactory? loggerFactory = null) =>
        builder.Use((inner, services) => new KernelFunctionInvokingChatClient(inner, loggerFactory, services));
}
