namespace KvScheduling;

/// <summary>An engine that was added to a scheduler.</summary>
internal sealed record EngineRegistration(string SchedulerName, string InstanceName, Func<IServiceProvider, IInferenceEngine> Factory);

/// <summary>A policy that was added to a scheduler under a name of its own.</summary>
internal sealed record PolicyRegistration(string SchedulerName, string PolicyName, Func<IServiceProvider, PolicyContext, ISchedulingPolicy> Factory);

/// <summary>What predicts output lengths for a scheduler.</summary>
internal sealed record PredictorRegistration(string SchedulerName, Func<IServiceProvider, ILengthPredictor> Factory);
