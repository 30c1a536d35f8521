using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.SemanticKernel
{
    public interface IKernelBuilder
    {
        IServiceCollection Services { get; }

        IKernelBuilderPlugins Plugins { get; }
    }

    public interface IKernelBuilderPlugins
    {
        IServiceCollection Services { get; }
    }

    public static class KernelExtensions
    {
        public static Kernel Build(this IKernelBuilder builder)
        {
            Dictionary<Type, HashSet<object?>> keys = [];
            foreach (ServiceDescriptor service in builder.Services)
            {
                if (!keys.TryGetValue(service.ServiceType, out HashSet<object?>? known))
                {
                    keys[service.ServiceType] = known = [];
                }

                known.Add(service.ServiceKey);
            }

            builder.Services.AddKeyedSingleton(Kernel.ServiceKeys, keys);
            return new Kernel(builder.Services.BuildServiceProvider());
        }

        public static IKernelBuilderPlugins AddFromFunctions(this IKernelBuilderPlugins plugins, string pluginName, IEnumerable<KernelFunction>? functions)
        {
            plugins.Services.AddSingleton(KernelPluginFactory.CreateFromFunctions(pluginName, functions));
            return plugins;
        }
    }

    internal sealed class KernelBuilder(IServiceCollection services) : IKernelBuilder, IKernelBuilderPlugins
    {
        public IServiceCollection Services { get; } = services;

        public IKernelBuilderPlugins Plugins => this;
    }
}

namespace Microsoft.Extensions.DependencyInjection
{
    public static class KernelServiceCollectionExtensions
    {
        public static Microsoft.SemanticKernel.IKernelBuilder AddKernel(this IServiceCollection services)
        {
            services.AddTransient<Microsoft.SemanticKernel.KernelPluginCollection>();
            services.AddTransient<Microsoft.SemanticKernel.Kernel>();
            return new Microsoft.SemanticKernel.KernelBuilder(services);
        }
    }
}
