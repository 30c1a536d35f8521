using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.SemanticKernel;

public sealed class Kernel
{
    /// <summary>The key of the service that tells under which keys each type is registered.</summary>
    internal const string ServiceKeys = "kernel service keys";

    public Kernel(IServiceProvider? services = null, KernelPluginCollection? plugins = null)
    {
        Services = services ?? new ServiceCollection().BuildServiceProvider();
        Plugins = plugins ?? Services.GetService<KernelPluginCollection>() ?? new KernelPluginCollection(Services.GetServices<KernelPlugin>());
        FunctionInvocationFilters = [.. Services.GetServices<IFunctionInvocationFilter>()];
        AutoFunctionInvocationFilters = [.. Services.GetServices<IAutoFunctionInvocationFilter>()];
    }

    public KernelPluginCollection Plugins { get; }

    public IList<IFunctionInvocationFilter> FunctionInvocationFilters { get; }

    public IList<IAutoFunctionInvocationFilter> AutoFunctionInvocationFilters { get; }

    public IServiceProvider Services { get; }

    public static IKernelBuilder CreateBuilder() => new KernelBuilder(new ServiceCollection());

    public T GetRequiredService<T>(object? serviceKey = null)
        where T : class
    {
        T? service = serviceKey is null ? Services.GetService<T>() ?? GetAllServices<T>().LastOrDefault() : Services.GetKeyedService<T>(serviceKey);
        return service ?? throw new KernelException(
            serviceKey is null ? $"Service of type '{typeof(T)}' not registered." : $"Service of type '{typeof(T)}' and key '{serviceKey}' not registered.");
    }

    public IEnumerable<T> GetAllServices<T>()
        where T : class =>
        Services.GetKeyedService<Dictionary<Type, HashSet<object?>>>(ServiceKeys) is { } keys
            ? keys.TryGetValue(typeof(T), out HashSet<object?>? known) ? known.SelectMany(key => Services.GetKeyedServices<T>(key)) : []
            : Services.GetServices<T>();
}
