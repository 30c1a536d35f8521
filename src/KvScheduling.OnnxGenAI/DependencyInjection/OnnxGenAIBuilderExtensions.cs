using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace KvScheduling.OnnxGenAI;

/// <summary>Adds engines on ONNX Runtime GenAI to a scheduler.</summary>
public static class OnnxGenAIBuilderExtensions
{
    /// <summary>The instance name when none is given.</summary>
    internal const string DefaultInstanceName = "onnx";

    /// <summary>Adds an engine on ONNX Runtime GenAI.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="modelFolder">The folder, as the model builder of onnxruntime-genai writes it.</param>
    /// <param name="configure">Changes the engine's settings; wrong ones fail at start with the setting's name and range.</param>
    /// <returns>The builder.</returns>
    public static IKvSchedulingBuilder AddOnnxGenAIEngine(this IKvSchedulingBuilder builder, string modelFolder, Action<OnnxGenAIEngineOptions>? configure = null) =>
        builder.AddOnnxGenAIEngine(DefaultInstanceName, modelFolder, configure);

    /// <summary>Adds a named engine on ONNX Runtime GenAI.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="instanceName">The instance's name in reports and metrics.</param>
    /// <param name="modelFolder">The folder, as the model builder of onnxruntime-genai writes it.</param>
    /// <param name="configure">Changes the engine's settings; wrong ones fail at start with the setting's name and range.</param>
    /// <returns>The builder.</returns>
    /// <remarks>The model is loaded when the scheduler builds its engine, on the scheduler's thread, and kept until the application's services are disposed: an engine that is built again after a fault finds it loaded.</remarks>
    public static IKvSchedulingBuilder AddOnnxGenAIEngine(this IKvSchedulingBuilder builder, string instanceName, string modelFolder, Action<OnnxGenAIEngineOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(instanceName);
        ArgumentException.ThrowIfNullOrWhiteSpace(modelFolder);
        string key = $"{builder.Name}/{instanceName}";
        OptionsBuilder<OnnxGenAIEngineOptions> options = builder.Services.AddOptions<OnnxGenAIEngineOptions>(key);
        if (configure is not null)
        {
            options.Configure(configure);
        }

        options.ValidateOnStart();
        string scheduler = builder.Name;
        options.Validate<IOptionsMonitor<KvSchedulingOptions>>(
            (engine, schedulers) => !engine.SharePrefixes || schedulers.Get(scheduler).PrefixScope == PrefixScope.Public,
            $"{nameof(OnnxGenAIEngineOptions)}.{nameof(OnnxGenAIEngineOptions.SharePrefixes)} is on, but {nameof(KvSchedulingOptions)}.{nameof(KvSchedulingOptions.PrefixScope)} is not {nameof(PrefixScope.Public)}: "
            + "the native index of computed blocks knows no tenants and would share what the scheduler promises not to. Turn it off, make the scope public, or give each tenant a scheduler with an engine of its own.");
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<OnnxGenAIEngineOptions>, OnnxGenAIEngineOptionsValidator>());
        builder.Services.AddKeyedSingleton(
            key, (services, _) => new OnnxGenAIModelHolder(modelFolder, services.GetRequiredService<IOptionsMonitor<OnnxGenAIEngineOptions>>().Get(key)));
        return builder.AddEngine(instanceName, services => services.GetRequiredKeyedService<OnnxGenAIModelHolder>(key).CreateEngine());
    }
}
