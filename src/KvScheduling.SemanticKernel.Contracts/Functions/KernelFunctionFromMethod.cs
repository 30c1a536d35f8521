using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Microsoft.SemanticKernel;

/// <summary>A function over a delegate; its schema and the binding of its arguments are those of <see cref="AIFunctionFactory"/>.</summary>
internal sealed class KernelFunctionFromMethod : KernelFunction
{
    private readonly AIFunction _method;
    private readonly Delegate _delegate;

    public KernelFunctionFromMethod(Delegate method, KernelFunctionMetadata metadata)
        : base(metadata)
    {
        _delegate = method;
        _method = AIFunctionFactory.Create(
            method,
            new AIFunctionFactoryOptions
            {
                Name = metadata.Name,
                Description = metadata.Description,
                MarshalResult = static (value, _, _) => ValueTask.FromResult(value),
            });
    }

    public override JsonElement JsonSchema => _method.JsonSchema;

    public override KernelFunction Clone(string? pluginName = null) =>
        new KernelFunctionFromMethod(
            _delegate, new KernelFunctionMetadata(Metadata.Name) { Description = Metadata.Description, PluginName = pluginName ?? Metadata.PluginName });

    protected override async ValueTask<FunctionResult> InvokeCoreAsync(Kernel kernel, KernelArguments arguments, CancellationToken cancellationToken) =>
        new(this, await _method.InvokeAsync(new AIFunctionArguments(arguments), cancellationToken).ConfigureAwait(false));
}
