using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace KvScheduling.OnnxGenAI.Tests;

public sealed class OnnxGenAIBuilderTests
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
        await using KvSchedulerHost host = await KvSchedulerHost.StartAsync(
            () =>
            {
                built++;
                current = (PagedEngine)model.CreateEngine();
                return built == 1 ? new DyingEngine(current, dieAtStep: 15) : current;
            },
            new KvSchedulingOptions { CheckInvariants = true });
        IReadOnlyList<GoldenCase> cases = GoldenCases.Short(32);
        Generation[] generations = [.. cases.Select(golden => host.Scheduler.Submit(new GenerationRequest { PromptTokens = golden.Prompt, MaxOutputTokens = golden.Output.Length + 5 }))];
        for (int i = 0; i < cases.Count; i++)
        {
            GenerationResult result = await generations[i].CompleteAsync();
            Assert.Equal(cases[i].Output, result.OutputTokens.ToArray());
        }

        Assert.Equal(2, built);
    }

    /// <summary>Lets a token id past the checks at one step, so that the native engine dies in it.</summary>
    private sealed class DyingEngine(PagedEngine inner, int dieAtStep) : IInferenceEngine
    {
        private int _step;

        public EngineDescription Description => inner.Description;

        public ITextCodec? TextCodec => inner.TextCodec;

        public void Start(in SequenceStart start) => inner.Start(start);

        public void Remove(int slot) => inner.Remove(slot);

        public int RunStep(ReadOnlySpan<StepItem> plan, Span<StepEvent> events)
        {
            if (++_step == dieAtStep)
            {
                Poison.Into(inner);
            }

            return inner.RunStep(plan, events);
        }

        public void Dispose() => inner.Dispose();
    }
}
