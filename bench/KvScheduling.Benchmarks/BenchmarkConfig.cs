using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace KvScheduling.Benchmarks;

internal static class BenchmarkConfig
{
    /// <summary>In this process: the library under test is the one that was built, and no project has to be restored and built for each benchmark.</summary>
    public static IConfig Default() => Create(Job.Default.WithToolchain(InProcessEmitToolchain.Instance).WithWarmupCount(3).WithIterationCount(10));

    public static IConfig Smoke() => Create(Job.Dry.WithToolchain(InProcessEmitToolchain.Instance));

    private static ManualConfig Create(Job job) => ManualConfig.CreateEmpty()
        .AddJob(job)
        .AddDiagnoser(MemoryDiagnoser.Default)
        .AddColumnProvider(DefaultColumnProviders.Instance)
        .AddColumn(StatisticColumn.P95)
        .AddLogger(ConsoleLogger.Default)
        .WithOptions(ConfigOptions.JoinSummary | ConfigOptions.DisableOptimizationsValidator);
}
