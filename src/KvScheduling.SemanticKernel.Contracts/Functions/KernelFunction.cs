using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Microsoft.SemanticKernel;

public abstract class FullyQualifiedAIFunction : AIFunction
{
    internal FullyQualifiedAIFunction(KernelFunctionMetadata metadata) => Metadata = metadata;

    public KernelFunctionMetadata Metadata { get; init; }

    public override string Name => string.IsNullOrWhiteSpace(Metadata.PluginName) ? Metadata.Name : $"{Metadata.PluginName}_{Metadata.Name}";
}

public abstract class KernelFunction : FullyQualifiedAIFunction
{
    internal KernelFunction(KernelFunctionMetadata metadata)
        : base(metadata)
    {
    }

    public new virtual string Name => Metadata.Name;

    public virtual string? PluginName => Metadata.PluginName;

    public override string Description => Metadata.Description;

    public async Task<FunctionResult> InvokeAsync(Kernel kernel, KernelArguments? arguments = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var context = new FunctionInvocationContext(kernel, this, arguments ?? [], new FunctionResult(this)) { CancellationToken = cancellationToken };
        await InvokeFilterAsync(context, 0, cancellationToken).ConfigureAwait(false);
        return context.Result;
    }

    public abstract KernelFunction Clone(string? pluginName = null);

    protected abstract ValueTask<FunctionResult> InvokeCoreAsync(Kernel kernel, KernelArguments arguments, CancellationToken cancellationToken);

    protected override async ValueTask<object?> InvokeCoreAsync(AIFunctionArguments arguments, CancellationToken cancellationToken)
    {
        FunctionResult result = await InvokeCoreAsync(new Kernel(arguments.Services), new KernelArguments(arguments), cancellationToken).ConfigureAwait(false);
        return result.GetValue<object>() is { } value ? JsonSerializer.SerializeToElement(value) : null;
    }

    private async Task InvokeFilterAsync(FunctionInvocationContext context, int index, CancellationToken cancellationToken)
    {
        if (index < context.Kernel.FunctionInvocationFilters.Count)
        {
            await context.Kernel.FunctionInvocationFilters[index].OnFunctionInvocationAsync(
                context, next => InvokeFilterAsync(next, index + 1, cancellationToken)).ConfigureAwait(false);
        }
        else
        {
            context.Result = await InvokeCoreAsync(context.Kernel, context.Arguments, cancellationToken).ConfigureAwait(false);
        }
    }
}
