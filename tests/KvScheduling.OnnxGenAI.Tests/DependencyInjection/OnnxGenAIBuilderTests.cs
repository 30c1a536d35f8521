using System.Diagnostics;
using KvScheduling.Conformance;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Xunit.Abstractions;

namespace KvScheduling.OnnxGenAI.Tests;

public sealed class OnnxGenAIBuilderTests(ITestOutputHelper output)
{
    [NativeTheory]
    [InlineData("paged")]
    [InlineData("flat")]
    public async Task AddOnnxGenAIEngine_InAContainer_ServesRequests(string form)
    {
        ServiceCollection services = new();
        services.AddKvScheduling().AddOnnxGenAIEngine(TestFolders.TinyChatOnnx(form), static options => options.NativeFolder = TestFolders.Native);
        await using ServiceProvider provider = services.BuildServiceProvider();
        foreach (IHostedService service in provider.GetServices<IHostedService>())
        {
            await service.StartAsync(CancellationToken.None);
        }

        IKvScheduler scheduler = provider.GetRequiredService<IKvScheduler>();
        Assert.Equal("onnx-" + form, scheduler.Engine.EngineName);
        Assert.Throws<NotSupportedException>(() => scheduler.Submit(new GenerationRequest { PromptTokens = new[] { 20 }, Sampling = new SamplingSettings { PresencePenalty = 1 } }));
        foreach (GoldenCase golden in GoldenCases.Short(3))
        {
            GenerationResult result = await scheduler.Submit(new GenerationRequest { PromptTokens = golden.Prompt, MaxOutputTokens = golden.Output.Length + 5 }).CompleteAsync();
            Assert.Equal(golden.Output, result.OutputTokens.ToArray());
            Assert.Equal(GenerationFinishReason.Stop, result.FinishReason);
            Assert.Equal(OnnxGenAIBuilderExtensions.DefaultInstanceName, result.Report.EngineInstance);
        }
    }

    [Fact]
    public void AddOnnxGenAIEngine_SettingOutOfRange_FailsAtStartWithItsName()
    {
        ServiceCollection services = new();
        services.AddKvScheduling().AddOnnxGenAIEngine("gpu", TestFolders.TinyChatOnnx("paged"), static options => options.DeviceId = 99);
        using ServiceProvider provider = services.BuildServiceProvider();
        OptionsValidationException error = Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<IStartupValidator>().Validate());
        Assert.Contains("OnnxGenAIEngineOptions.DeviceId must be from 0 to 63, but is 99.", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(PrefixScope.None, false)]
    [InlineData(PrefixScope.Tenant, false)]
    [InlineData(PrefixScope.Public, true)]
    public void AddOnnxGenAIEngine_SharedPrefixes_NeedThePublicScope(PrefixScope scope, bool isFine)
    {
        ServiceCollection services = new();
        services.AddKvScheduling("chat", options => options.PrefixScope = scope).AddOnnxGenAIEngine(TestFolders.TinyChatOnnx("paged"), static options => options.SharePrefixes = true);
        using ServiceProvider provider = services.BuildServiceProvider();
        Exception? error = Record.Exception(() => provider.GetRequiredService<IStartupValidator>().Validate());
        Assert.Equal(isFine, error is null);
        Assert.True(isFine || error!.Message.Contains("SharePrefixes is on, but KvSchedulingOptions.PrefixScope is not Public", StringComparison.Ordinal));
    }

    [Fact]
    public void AddOnnxGenAIEngine_NoFolderOrName_IsRefused()
    {
        IKvSchedulingBuilder builder = new ServiceCollection().AddKvScheduling();
        Assert.Throws<ArgumentException>(() => builder.AddOnnxGenAIEngine(" "));
        Assert.Throws<ArgumentException>(() => builder.AddOnnxGenAIEngine("", "folder"));
        Assert.Throws<ArgumentNullException>(() => ((IKvSchedulingBuilder)null!).AddOnnxGenAIEngine("folder"));
    }

    [NativeFact]
    public async Task AddOnnxGenAIEngine_EngineDiesUnderLoad_IsBuiltAgainAndEveryRequestEndsOnceWithItsTokens()
    {
        OnnxGenAIModel model = TestModels.Paged;
        PagedEngine? current = null;
        int built = 0;
        long fault = 0;
        TimeSpan recovery = default;
        await using KvSchedulerHost host = await KvSchedulerHost.StartAsync(
            () =>
            {
                built++;
                current = (PagedEngine)model.CreateEngine();
                return new DyingEngine(current, dieAtStep: built == 1 ? 15 : 0, whenDying: () => fault = Stopwatch.GetTimestamp(), whenStepped: () => recovery = recovery == default && fault != 0 ? Stopwatch.GetElapsedTime(fault) : recovery);
            },
            Patient.Options());
        IReadOnlyList<GoldenCase> cases = GoldenCases.Short(32);
        Generation[] generations = [.. cases.Select(golden => host.Scheduler.Submit(new GenerationRequest { PromptTokens = golden.Prompt, MaxOutputTokens = golden.Output.Length + 5 }))];
        List<GeneratedToken>[] streams = await Task.WhenAll(generations.Select(ReadAsync));
        for (int i = 0; i < cases.Count; i++)
        {
            // Every token once and in its place, and one end.
            Assert.Equal(cases[i].Output.Select(static (token, index) => new GeneratedToken(index, token)), streams[i]);
            Assert.Equal(cases[i].Output, generations[i].Result.OutputTokens.ToArray());
            Assert.Equal(GenerationFinishReason.Stop, generations[i].Result.FinishReason);
        }

        SchedulerSnapshot state = await Patient.SettledAsync(host.Scheduler, cases.Count);
        Assert.Equal(32, state.CompletedRequests);
        output.WriteLine($"From the fault to the first step of the new engine: {recovery.TotalMilliseconds:F1} ms.");
        Assert.NotEqual(TimeSpan.Zero, recovery);
        Assert.Equal(2, built);
    }

    private static async Task<List<GeneratedToken>> ReadAsync(Generation generation)
    {
        List<GeneratedToken> tokens = [];
        await foreach (GeneratedToken token in generation)
        {
            tokens.Add(token);
        }

        return tokens;
    }

    /// <summary>Lets a token id past the checks at one step, so that the native engine dies in it.</summary>
    private sealed class DyingEngine(PagedEngine inner, int dieAtStep, Action whenDying, Action whenStepped) : DelegatingInferenceEngine(inner)
    {
        private readonly PagedEngine _paged = inner;
        private int _step;

        public override int RunStep(ReadOnlySpan<StepItem> plan, Span<StepEvent> events)
        {
            if (++_step == dieAtStep)
            {
                whenDying();
                Poison.Into(_paged);
            }

            int count = _paged.RunStep(plan, events);
            whenStepped();
            return count;
        }
    }
}
