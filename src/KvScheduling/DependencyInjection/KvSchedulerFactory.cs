using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace KvScheduling;

/// <summary>Puts a scheduler together: from a container, or by hand.</summary>
internal static class KvSchedulerFactory
{
    public static KvScheduler Create(IServiceProvider services, string name)
    {
        EngineRegistration engine = services.GetServices<EngineRegistration>().LastOrDefault(registration => registration.SchedulerName == name)
            ?? throw new InvalidOperationException(
                $"The scheduler '{name}' has no engine. Add one: services.AddKvScheduling().AddManagedEngine(\"models/tiny-chat\"), or AddSimulatedEngine().");
        KvSchedulingOptions options = services.GetRequiredService<IOptionsMonitor<KvSchedulingOptions>>().Get(name);
        var ownPolicies = new Dictionary<string, Func<PolicyContext, ISchedulingPolicy>>(StringComparer.OrdinalIgnoreCase);
        foreach (PolicyRegistration policy in services.GetServices<PolicyRegistration>().Where(policy => policy.SchedulerName == name))
        {
            ownPolicies[policy.PolicyName] = context => policy.Factory(services, context);
        }

        return Create(
            name,
            engine.InstanceName,
            options,
            () => engine.Factory(services),
            PolicyCatalog.Get(options.Policy, ownPolicies),
            services.GetService<ILoggerFactory>(),
            services.GetService<IMeterFactory>(),
            services.GetRequiredService<TimeProvider>(),
            services.GetServices<PredictorRegistration>().LastOrDefault(registration => registration.SchedulerName == name)?.Factory(services));
    }

    public static KvScheduler Create(
        string name,
        string instanceName,
        KvSchedulingOptions options,
        Func<IInferenceEngine> engineFactory,
        Func<PolicyContext, ISchedulingPolicy> policyFactory,
        ILoggerFactory? loggers,
        IMeterFactory? meters,
        TimeProvider time,
        ILengthPredictor? predictor = null)
    {
        var identity = new LoopIdentity(name, instanceName);
        SchedulerLoop? loop = null;

        // Instruments are there, and may be read by another thread, before the loop is.
        var telemetry = new LoopTelemetry(identity, meters, (loggers ?? NullLoggerFactory.Instance).CreateLogger("KvScheduling"), time, () => loop?.ReadState() ?? default);
        loop = new SchedulerLoop(identity, options, engineFactory, policyFactory, telemetry, time);
        return new KvScheduler(loop, predictor);
    }
}
