using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace KvScheduling.Tests;

public sealed class AddKvSchedulingTests
{
    [Fact]
    public async Task AddKvScheduling_UnderAHost_StartsServesAndDrains()
    {
        var engine = new ScriptedEngine();
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddKvScheduling(options => options.Policy = SchedulingPolicies.Fcfs).AddEngine("gpu0", _ => engine);
        using IHost host = builder.Build();
        await host.StartAsync();
        IKvScheduler scheduler = host.Services.GetRequiredService<IKvScheduler>();
        Assert.Equal("scripted-model", scheduler.Engine.ModelId);
        GenerationResult result = await scheduler.Submit(TestHost.Request(1)).CompleteAsync();
        Assert.Equal("gpu0", result.Report.EngineInstance);
        Assert.Equal(SchedulingPolicies.Fcfs, result.Report.Policy);
        await host.StopAsync();
        Assert.True(engine.IsDisposed);
        Assert.Equal(SchedulerStatus.Stopped, scheduler.GetSnapshot().Status);
    }

    [Fact]
    public async Task AddKvScheduling_WithoutAHost_StartsWithItsFirstUseAndStopsWithTheContainer()
    {
        var engine = new ScriptedEngine();
        var services = new ServiceCollection();
        services.AddKvScheduling().AddEngine("engine", _ => engine);
        await using (ServiceProvider provider = services.BuildServiceProvider())
        {
            await provider.GetRequiredService<IKvScheduler>().Submit(TestHost.Request(1)).CompleteAsync();
            Assert.NotNull(provider.GetRequiredService<IChatClient>());
        }

        Assert.True(engine.IsDisposed);
    }

    [Fact]
    public async Task AddKvScheduling_Named_AreSeparateAndKeyed()
    {
        var services = new ServiceCollection();
        services.AddKvScheduling("a", options => options.MaxQueuedRequests = 7).AddEngine("a0", _ => new ScriptedEngine());
        services.AddKvScheduling("b").AddEngine("b0", _ => new ScriptedEngine());
        await using ServiceProvider provider = services.BuildServiceProvider();
        Assert.Null(provider.GetService<IKvScheduler>());
        IKvScheduler a = provider.GetRequiredKeyedService<IKvScheduler>("a");
        IKvScheduler b = provider.GetRequiredKeyedService<IKvScheduler>("b");
        Assert.NotSame(a, b);
        Assert.NotSame(provider.GetRequiredKeyedService<IChatClient>("a"), provider.GetRequiredKeyedService<IChatClient>("b"));
        Assert.Equal("a0", (await a.Submit(TestHost.Request(1)).CompleteAsync()).Report.EngineInstance);
        Assert.Equal("b0", (await b.Submit(TestHost.Request(1)).CompleteAsync()).Report.EngineInstance);
        Assert.Equal(7, provider.GetRequiredService<IOptionsMonitor<KvSchedulingOptions>>().Get("a").MaxQueuedRequests);
    }

    [Fact]
    public void AddKvScheduling_FromConfiguration_BindsEveryKindOfOption()
    {
        IConfigurationRoot configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["KvScheduling:KvBudgetTokens"] = "8192",
            ["KvScheduling:Policy"] = "svf",
            ["KvScheduling:Reservation"] = "Guaranteed",
            ["KvScheduling:PromoteAfter"] = "00:00:05",
            ["KvScheduling:LengthEstimation:Quantile"] = "0.6",
        }).Build();
        var services = new ServiceCollection();
        services.AddKvScheduling(configuration.GetSection("KvScheduling")).AddEngine("engine", _ => new ScriptedEngine());
        using ServiceProvider provider = services.BuildServiceProvider();
        KvSchedulingOptions options = provider.GetRequiredService<IOptions<KvSchedulingOptions>>().Value;
        Assert.Equal(8192, options.KvBudgetTokens);
        Assert.Equal("svf", options.Policy);
        Assert.Equal(KvReservation.Guaranteed, options.Reservation);
        Assert.Equal(TimeSpan.FromSeconds(5), options.PromoteAfter);
        Assert.Equal(0.6, options.LengthEstimation.Quantile);
    }

    public static TheoryData<string, Action<KvSchedulingOptions>> WrongOptions => new()
    {
        { nameof(KvSchedulingOptions.KvBudgetTokens), options => options.KvBudgetTokens = 0 },
        { nameof(KvSchedulingOptions.Reservation), options => options.Reservation = (KvReservation)9 },
        { nameof(KvSchedulingOptions.Policy), options => options.Policy = " " },
        { nameof(KvSchedulingOptions.MaxRunningRequests), options => options.MaxRunningRequests = 0 },
        { nameof(KvSchedulingOptions.MaxStepTokens), options => options.MaxStepTokens = 0 },
        { nameof(KvSchedulingOptions.PrefillChunkTokens), options => options.PrefillChunkTokens = 0 },
        { nameof(KvSchedulingOptions.MaxPartialPrefills), options => options.MaxPartialPrefills = 0 },
        { nameof(KvSchedulingOptions.MaxQueuedRequests), options => options.MaxQueuedRequests = 0 },
        { nameof(KvSchedulingOptions.MaxQueuedTokens), options => options.MaxQueuedTokens = 0 },
        { nameof(KvSchedulingOptions.QueueTimeout), options => options.QueueTimeout = TimeSpan.Zero },
        { nameof(KvSchedulingOptions.DefaultMaxOutputTokens), options => options.DefaultMaxOutputTokens = 0 },
        { nameof(KvSchedulingOptions.BackfillWindow), options => options.BackfillWindow = 257 },
        { nameof(KvSchedulingOptions.MaxOvertakes), options => options.MaxOvertakes = -1 },
        { nameof(KvSchedulingOptions.PromoteAfter), options => options.PromoteAfter = TimeSpan.FromSeconds(-1) },
        { nameof(KvSchedulingOptions.SortedFExactLimit), options => options.SortedFExactLimit = 300 },
        { nameof(KvSchedulingOptions.EvictionCooldownSteps), options => options.EvictionCooldownSteps = 0 },
        { nameof(KvSchedulingOptions.PrefixScope), options => options.PrefixScope = (PrefixScope)7 },
        { nameof(KvSchedulingOptions.ToolCallFormat), options => options.ToolCallFormat = (ToolCallFormat)42 },
        { nameof(KvSchedulingOptions.MaxParkedSequences), options => options.MaxParkedSequences = -1 },
        { nameof(KvSchedulingOptions.MaxStepRetries), options => options.MaxStepRetries = -1 },
        { nameof(KvSchedulingOptions.DecisionLog), options => options.DecisionLog = null! },
        { "DecisionLog.Path", options => options.DecisionLog.Path = " " },
        { "DecisionLog.MaxBytes", options => options.DecisionLog.MaxBytes = 1 },
        { "DecisionLog.BufferedRecords", options => options.DecisionLog.BufferedRecords = 0 },
        { nameof(KvSchedulingOptions.MaxEngineRestarts), options => options.MaxEngineRestarts = -1 },
        { nameof(KvSchedulingOptions.StallTimeout), options => options.StallTimeout = TimeSpan.Zero },
        { nameof(KvSchedulingOptions.ShutdownTimeout), options => options.ShutdownTimeout = TimeSpan.FromSeconds(-1) },
        { nameof(KvSchedulingOptions.PriorityAgeing), options => options.PriorityAgeing = TimeSpan.Zero },
        { nameof(KvSchedulingOptions.Fairness), options => options.Fairness = (TenantFairness)9 },
        { "TenantWeights[a]", options => options.TenantWeights["a"] = 0 },
        { nameof(WaitOptions.Slack), options => options.Wait.Slack = -1 },
        { nameof(WaitOptions.CycleSteps), options => options.Wait.CycleSteps = 0 },
        { nameof(WaitOptions.MaxHold), options => options.Wait.MaxHold = TimeSpan.FromSeconds(-1) },
        { nameof(WaitOptions.BypassBelow), options => options.Wait.BypassBelow = 0 },
        { nameof(WaitOptions.PromptBins), options => options.Wait.PromptBins = 9 },
        { nameof(WaitOptions.OutputBins), options => options.Wait.OutputBins = 0 },
        { nameof(WaitOptions.WarmUpCompletions), options => options.Wait.WarmUpCompletions = -1 },
        { nameof(WaitOptions.WarmUpTime), options => options.Wait.WarmUpTime = TimeSpan.FromSeconds(-1) },
        { nameof(WaitOptions.RateWindow), options => options.Wait.RateWindow = TimeSpan.Zero },
        { nameof(WaitOptions.RefitInterval), options => options.Wait.RefitInterval = TimeSpan.Zero },
        { nameof(WaitOptions.ProgressAfter), options => options.Wait.ProgressAfter = TimeSpan.Zero },
        { "Types[0].Threshold", options => options.Wait.Types.Add(new WaitTypeOptions { PromptTokens = 1, OutputTokens = 1, Threshold = 0 }) },
        { "Types[0].PromptTokens", options => options.Wait.Types.Add(new WaitTypeOptions { OutputTokens = 1 }) },
        { "Types[0].OutputTokens", options => options.Wait.Types.Add(new WaitTypeOptions { PromptTokens = 1 }) },
        { nameof(NestedWaitOptions.SegmentCount), options => options.NestedWait.SegmentCount = 0 },
        { nameof(NestedWaitOptions.Horizon), options => options.NestedWait.Horizon = TimeSpan.Zero },
        { nameof(NestedWaitOptions.FailureProbability), options => options.NestedWait.FailureProbability = 1 },
        { "Segments[0].EndTokens", options => options.NestedWait.Segments.Add(new NestedSegmentOptions()) },
        { "Segments[0].Threshold", options => options.NestedWait.Segments.Add(new NestedSegmentOptions { EndTokens = 1, Threshold = 0 }) },
        { nameof(LengthEstimationOptions.Quantile), options => options.LengthEstimation.Quantile = 1 },
        { nameof(LengthEstimationOptions.MinQuantile), options => options.LengthEstimation.MinQuantile = 0.9 },
        { nameof(LengthEstimationOptions.MaxQuantile), options => options.LengthEstimation.MaxQuantile = 0.1 },
        { nameof(LengthEstimationOptions.HistorySize), options => options.LengthEstimation.HistorySize = 1 },
        { nameof(LengthEstimationOptions.MinSamples), options => options.LengthEstimation.MinSamples = 0 },
    };

    [Theory]
    [MemberData(nameof(WrongOptions))]
    public async Task StartAsync_WrongOption_FailsWithItsNameAndRange(string option, Action<KvSchedulingOptions> breakIt)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddKvScheduling(breakIt).AddEngine("engine", _ => new ScriptedEngine());
        using IHost host = builder.Build();
        OptionsValidationException error = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());
        Assert.Contains(error.Failures, failure => failure.Contains("." + option + " is ", StringComparison.Ordinal) && failure.Contains("it must be", StringComparison.Ordinal));
        await Assert.ThrowsAsync<OptionsValidationException>(() => TestHost.StartAsync(new ScriptedEngine(), breakIt));
    }

    [Fact]
    public async Task StartAsync_BudgetAboveTheEngine_FailsWithBothNumbers()
    {
        InvalidOperationException error = await Assert.ThrowsAsync<InvalidOperationException>(() => TestHost.StartAsync(new ScriptedEngine(kvCapacityTokens: 100), options => options.KvBudgetTokens = 101));
        Assert.Contains("101", error.Message, StringComparison.Ordinal);
        Assert.Contains("100", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StartAsync_UnknownPolicy_ListsTheKnownOnes()
    {
        Exception error = await Assert.ThrowsAnyAsync<Exception>(() => TestHost.StartAsync(new ScriptedEngine(), options => options.Policy = "lottery"));
        Assert.Contains("lottery", error.Message, StringComparison.Ordinal);
        Assert.Contains(SchedulingPolicies.SortedF, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AddPolicy_OwnPolicy_OrdersTheLine()
    {
        var services = new ServiceCollection();
        services.AddKvScheduling(options => options.Policy = "mine")
            .AddEngine("engine", _ => new ScriptedEngine())
            .AddPolicy("mine", (_, context) => PolicyCatalog.Get(SchedulingPolicies.Fcfs)(context));
        await using ServiceProvider provider = services.BuildServiceProvider();
        await provider.GetRequiredService<IKvScheduler>().Submit(TestHost.Request(1)).CompleteAsync();
    }

    [Fact]
    public async Task UseLengthPredictor_RequestsWithoutAHint_AreOrderedByIt()
    {
        using var gate = new ManualResetEventSlim();
        var engine = new ScriptedEngine(maxSequences: 1) { BeforeStep = _ => gate.Wait() };
        var services = new ServiceCollection();
        services
            .AddKvScheduling(options =>
            {
                options.Policy = SchedulingPolicies.ShortestOutputFirst;
                options.PromoteAfter = null;
                options.StallTimeout = TestHost.NoStall;
            })
            .AddEngine("engine", _ => engine)
            .UseLengthPredictor(_ => new PromptLengthPredictor());
        await using ServiceProvider provider = services.BuildServiceProvider();
        IKvScheduler scheduler = provider.GetRequiredService<IKvScheduler>();
        Task first = scheduler.Submit(TestHost.Request(0)).CompleteAsync();
        await TestHost.UntilAsync(() => engine.StartedPrompts.Count == 1);
        Task longer = scheduler.Submit(TestHost.Request(1, promptTokens: 20)).CompleteAsync();
        Task shorter = scheduler.Submit(TestHost.Request(2, promptTokens: 2)).CompleteAsync();
        gate.Set();
        await Task.WhenAll(first, longer, shorter);
        Assert.Equal([8, 2, 20], engine.StartedPrompts.Select(prompt => prompt.Length));
    }

    [Fact]
    public void AddEngine_Twice_SaysHowToHaveTwo()
    {
        IKvSchedulingBuilder builder = new ServiceCollection().AddKvScheduling().AddEngine("a", _ => new ScriptedEngine());
        Assert.Contains("AddKvScheduling(\"name\")", Assert.Throws<InvalidOperationException>(() => builder.AddEngine("b", _ => new ScriptedEngine())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void GetService_NoEngine_SaysWhatToAdd()
    {
        var services = new ServiceCollection();
        services.AddKvScheduling();
        using ServiceProvider provider = services.BuildServiceProvider();
        Assert.Contains("AddManagedEngine", Assert.Throws<InvalidOperationException>(provider.GetRequiredService<IKvScheduler>).Message, StringComparison.Ordinal);
    }

    private sealed class PromptLengthPredictor : ILengthPredictor
    {
        public int? Predict(GenerationRequest request) => request.PromptTokens.Length;
    }
}
