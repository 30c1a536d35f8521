namespace Microsoft.SemanticKernel;

public static class KernelFunctionFactory
{
    public static KernelFunction CreateFromMethod(
        Delegate method,
        string? functionName = null,
        string? description = null,
        IEnumerable<KernelParameterMetadata>? parameters = null,
        KernelReturnParameterMetadata? returnParameter = null,
        Microsoft.Extensions.Logging.ILoggerFactory? loggerFactory = null) =>
        new KernelFunctionFromMethod(method, new KernelFunctionMetadata(functionName ?? method.Method.Name) { Description = description ?? string.Empty });
}

public static class KernelPluginFactory
{
    public static KernelPlugin CreateFromFunctions(string pluginName, IEnumerable<KernelFunction>? functions) =>
        new FunctionsPlugin(pluginName, functions ?? []);
}
