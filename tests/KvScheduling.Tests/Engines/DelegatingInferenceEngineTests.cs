using KvScheduling.Tests.Chat;

namespace KvScheduling.Tests;

public sealed class DelegatingInferenceEngineTests
{
    [Fact]
    public async Task Submit_EngineInsideAnother_AnswersAsAlone()
    {
        var engine = new ScriptedEngine();
        await using (KvSchedulerHost host = await TestHost.StartAsync(() => new Plain(engine)))
        {
            Assert.Same(engine.Description, host.Scheduler.Engine);
            GenerationRequest[] requests = [.. Enumerable.Range(1, 20).Select(index => TestHost.Request(index))];
            Generation[] generations = [.. requests.Select(request => host.Scheduler.Submit(request))];
            for (int i = 0; i < requests.Length; i++)
            {
                Assert.Equal(TestHost.Expected(requests[i]), await TestHost.TokensAsync(generations[i]));
            }
        }

        Assert.True(engine.IsDisposed);
    }

    [Fact]
    public void Members_NotOverridden_AreThoseOfTheEngineInside()
    {
        ITextCodec codec = new FakeCodec();
        using var inner = new Recorded(codec);
        IInferenceEngine outer = new Plain(inner);

        Assert.Same(codec, outer.TextCodec);
        outer.Start(new SequenceStart { Slot = 3, Prompt = [7, 8], MaxTotalTokens = 9, Sampling = SamplingSettings.Greedy });
        Assert.Equal(5, outer.RunStep([new StepItem(3, 2)], new StepEvent[1]));
        outer.Remove(3);
        outer.Dispose();
        Assert.Equal(["start 3", "step 1", "remove 3", "dispose"], inner.Calls);
    }

    [Fact]
    public void Constructor_NoEngine_Throws() => Assert.Throws<ArgumentNullException>("inner", () => new Plain(null!));

    private sealed class Plain(IInferenceEngine inner) : DelegatingInferenceEngine(inner);

    private sealed class Recorded(ITextCodec codec) : IInferenceEngine
    {
        public List<string> Calls { get; } = [];

        public EngineDescription Description => throw new NotSupportedException();

        public ITextCodec? TextCodec => codec;

        public void Start(in SequenceStart start) => Calls.Add($"start {start.Slot}");

        public void Remove(int slot) => Calls.Add($"remove {slot}");

        public int RunStep(ReadOnlySpan<StepItem> plan, Span<StepEvent> events)
        {
            Calls.Add($"step {plan.Length}");
            return 5;
        }

        public void Dispose() => Calls.Add("dispose");
    }
}
