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
        PolicyRegistration? own = services.GetServices<PolicyRegistration>().LastOrDefault(registration => registration.SchedulerName == name && registration.PolicyName == options.Policy);
        return Create(
            name,
            engine.InstanceName,
            options,
            () => engine.Factory(services),
            own is null ? PolicyCatalog.Get(options.Policy) : context => own.Factory(services, context),
            services.GetService<ILoggerFactory>(),
            services.GetService<IMeterFactory>(),
            services.GetRequiredService<TimeProvider>());
    }

    public static KvScheduler Create(
        string name,
        string instanceName,
        KvSchedulingOptions options,
        Func<IInferenceEngine> engineFactory,
        Func<PolicyContext, ISchedulingPolicy> policyFactory,
        ILoggerFactory? loggers,
        IMeterFactory? meters,
        TimeProvider time)
    {
        var identity = new LoopIdentity(name, instanceName);
        SchedulerLoop? loop = null;
        var telemetry = new LoopTelemetry(identity, meters, (loggers ?? NullLoggerFactory.Instance).CreateLogger("KvScheduling"), time, () => loop!.ReadState());
        loop = new SchedulerLoop(identity, options, engineFactory, policyFactory, telemetry, time);
        return new KvScheduler(loop);
    }
}
