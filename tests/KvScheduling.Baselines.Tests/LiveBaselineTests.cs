using Microsoft.Extensions.DependencyInjection;

namespace KvScheduling.Baselines.Tests;

/// <summary>Baselines behind the live scheduler.</summary>
public sealed class LiveBaselineTests
{
    private static readonly int[] Prompt = [5, 6, 7];

    public static TheoryData<string> Names => [.. BaselinePolicies.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task StartAsync_WithBaselines_ServesByTheOneThatIsSelected(string policy)
    {
        await using KvSchedulerHost host = await KvSchedulerHost.StartAsync(
            static () => new SimulatedEngine(new SimulatedEngineOptions()), new KvSchedulingOptions { Policy = policy }, policies: BaselinePolicies.All);
        GenerationResult[] results = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => host.Scheduler.Submit(new GenerationRequest { PromptTokens = Prompt, MaxOutputTokens = 4 }).CompleteAsync()));
        Assert.All(results, static result => Assert.InRange(result.OutputTokens.Length, 1, 4));
        Assert.Equal(policy, host.Scheduler.GetSnapshot().Policy);
    }

    [Fact]
    public async Task StartAsync_UnknownPolicy_NamesAllThatThereAre()
    {
        ArgumentException error = await Assert.ThrowsAsync<ArgumentException>(() => KvSchedulerHost.StartAsync(
            static () => new SimulatedEngine(new SimulatedEngineOptions()), new KvSchedulingOptions { Policy = "guess" }, policies: BaselinePolicies.All));
        Assert.Contains("vllm-v0", error.Message, StringComparison.Ordinal);
        Assert.Contains("adaptive", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AddBaselinePolicies_SelectedByOptions_Serves()
    {
        var services = new ServiceCollection();
        services.AddKvScheduling(static options => options.Policy = BaselinePolicies.Vllm).AddBaselinePolicies().AddSimulatedEngine();
        await using ServiceProvider provider = services.BuildServiceProvider();
        IKvScheduler scheduler = provider.GetRequiredService<IKvScheduler>();
        GenerationResult result = await scheduler.Submit(new GenerationRequest { PromptTokens = Prompt, MaxOutputTokens = 4 }).CompleteAsync();
        Assert.InRange(result.OutputTokens.Length, 1, 4);
        Assert.Equal(BaselinePolicies.Vllm, scheduler.GetSnapshot().Policy);
    }
}
