namespace KvScheduling.Baselines.Tests;

/// <summary>Schedulers with a baseline's rules, or with ours.</summary>
internal static class Baseline
{
    public static EngineDescription Engine(long kvTokens, int block = 1, int context = 1 << 15, int slots = 64) => SchedulerHarness.UnitRounds(kvTokens, block, slots) with { MaxContextTokens = context };

    public static Func<ISchedulingPolicy> Create(string policy, KvSchedulingOptions options, EngineDescription engine) =>
        () => PolicyCatalog.Get(policy, BaselinePolicies.All)(new PolicyContext(options, engine, engine.KvCapacityTokens));

    public static SchedulerHarness Harness(string policy, EngineDescription engine, KvSchedulingOptions? options = null)
    {
        options ??= new KvSchedulingOptions { MaxStepTokens = 1 << 15, PrefillChunkTokens = 1 << 15 };
        return new SchedulerHarness(engine, options, Create(policy, options, engine));
    }

    public static SchedulerHarness Harness(string policy, long kvTokens, int block = 1) => Harness(policy, Engine(kvTokens, block));
}
