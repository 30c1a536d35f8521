namespace KvScheduling.ManagedEngine.Tests;

/// <summary>The port's contract: checked plans, isolation of failures, nothing allocated, an orderly end.</summary>
public sealed class ManagedInferenceEngineTests
{
    private readonly StepEvent[] _events = new StepEvent[64];

    [Fact]
    public void Description_TinyChat_SaysWhatTheEngineIs()
    {
        using ManagedInferenceEngine engine = TinyChat.LoadEngine(o => (o.KvCapacityTokens, o.MaxSequences, o.MaxStepTokens) = (1000, 5, 77));
        EngineDescription d = engine.Description;
        Assert.Equal(("managed", "tiny-chat", 992L, 16, 5, 77, 1024), (d.EngineName, d.ModelId, d.KvCapacityTokens, d.BlockTokens, d.MaxSequences, d.MaxStepTokens, d.VocabularySize));
        Assert.Equal(992, d.MaxContextTokens);
        Assert.Equal([3, 1], d.EndTokens);
        Assert.Equal((HoldSupport.Free, true, true, false, PrefixReuse.Share), (d.Hold, d.SupportsChunkedPrefill, d.SupportsExactResume, d.SupportsGuidance, d.PrefixReuse));
    }

    /// <remarks>With one thread all code of a step runs on the counted one. What the workers' own code allocates is counted in the team's tests.</remarks>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void RunStep_EveryKindOfStep_AllocatesNothing(int threads)
    {
        using ManagedInferenceEngine engine = TinyChat.LoadEngine(o => o.Threads = threads);
        SamplingSettings sampled = new() { Seed = 1, TopK = 50, TopP = 0.9f, FrequencyPenalty = 0.1f };
        for (int slot = 0; slot < 6; slot++)
        {
            Start(engine, slot, TinyChat.Cases[slot].Prompt, slot % 2 == 0 ? SamplingSettings.Greedy : sampled, total: 1500);
            engine.RunStep([new StepItem(slot, TinyChat.Cases[slot].Prompt.Length)], _events);
        }

        StepItem[] plan = Enumerable.Range(0, 6).Select(slot => new StepItem(slot, 1)).ToArray();
        int[] late = TinyChat.Cases.First(c => c.Prompt.Length > 1000).Prompt;
        long[] windows = new long[6];
        for (int window = 0; window < windows.Length; window++)
        {
            Start(engine, 7, late, sampled, total: late.Length + 10);
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 40; i++)
            {
                engine.RunStep(plan, _events);
            }

            engine.RunStep([new StepItem(7, 300), plan[0], plan[1]], _events);
            windows[window] = GC.GetAllocatedBytesForCurrentThread() - before;
            engine.Remove(7);
        }

        // The first may build what the runtime needs once, and one more may be charged a table of the runtime's that other tests of the process filled; what a step allocates is in all of them.
        Assert.True(windows[1..].Count(static bytes => bytes == 0) >= 4, $"Bytes by window of 41 steps: {string.Join(' ', windows)}.");
    }

    [Fact]
    public void RunStep_PoolExhausted_ReportsThatSequenceAndChangesNothingOfIt()
    {
        GoldenCase c = TinyChat.Cases.First(x => x.Prompt.Length is > 40 and <= 48 && x.Output.Length > 3);
        using ManagedInferenceEngine engine = TinyChat.LoadEngine(o => o.KvCapacityTokens = 80);
        int[] filler = TinyChat.Cases.First(x => x.Prompt.Length > 100).Prompt[..33];
        Start(engine, 0, filler);
        Start(engine, 1, c.Prompt, total: 80);
        Assert.Equal(2, engine.RunStep([new StepItem(0, 33), new StepItem(1, c.Prompt.Length)], _events));
        Assert.Equal(SequenceStatus.Ok, _events[0].Status);
        Assert.Equal(new StepEvent(1, 0, StepEvent.NoToken, SequenceStatus.OutOfCapacity), _events[1]);
        engine.Remove(0);
        Assert.Equal(1, engine.RunStep([new StepItem(1, c.Prompt.Length)], _events));
        Assert.Equal(new StepEvent(1, c.Prompt.Length, c.Output[0]), _events[0]);
    }

    [Fact]
    public void RunStep_LogitsOfOneNotFinite_FailsThatOneOnly()
    {
        using PoisonedSource source = new(poisonedToken: 700);
        using ManagedInferenceEngine engine = ManagedEngineLoader.Load(source, null, "poisoned", new ManagedEngineOptions { Threads = 2 });
        GoldenCase c = TinyChat.Cases[0];
        int[] bad = [.. c.Prompt, 700, 5];
        ulong healthy = 0;
        for (int round = 0; round < 2; round++)
        {
            Start(engine, 0, c.Prompt);
            Start(engine, 1, bad);
            engine.RunStep(round == 0 ? [new StepItem(0, c.Prompt.Length)] : [new StepItem(1, bad.Length), new StepItem(0, c.Prompt.Length)], _events);
            Assert.Equal(new StepEvent(0, c.Prompt.Length, c.Output[0]), _events[round]);
            ulong fingerprint = ModelRun.Fingerprint(engine.Model.Logits(round));
            Assert.Equal(round == 0 ? fingerprint : healthy, fingerprint);
            healthy = fingerprint;
            engine.Remove(0);
            if (round == 1)
            {
                Assert.Equal(new StepEvent(1, bad.Length, StepEvent.NoToken, SequenceStatus.Failed), _events[0]);
                engine.RunStep([new StepItem(1, 1)], _events);
                Assert.Equal(new StepEvent(1, 0, StepEvent.NoToken, SequenceStatus.Failed), _events[0]);
            }

            engine.Remove(1);
        }

        // The blocks that held NaN serve the next sequence.
        Start(engine, 2, c.Prompt);
        engine.RunStep([new StepItem(2, c.Prompt.Length)], _events);
        Assert.Equal(healthy, ModelRun.Fingerprint(engine.Model.Logits(0)));
    }

    [Fact]
    public void RunStep_SampledWithSeeds_IsTheSameAloneBatchedHeldAndEvicted()
    {
        GoldenCase[] cases = TinyChat.ShortCases.Take(24).ToArray();
        SamplingSettings Sampling(int i) => new() { Temperature = 1.3f, TopP = i % 2 == 0 ? 0.95f : 1, TopK = i % 3 == 0 ? 30 : 0, FrequencyPenalty = i % 4 == 0 ? 0.3f : 0, PresencePenalty = i % 5 == 0 ? 0.4f : 0, Seed = 100 + i };
        using ManagedInferenceEngine engine = TinyChat.LoadEngine();
        Driven[] solo = EngineDriver.Run(engine, cases, new DriveOptions { MaxActive = 1, Sampling = Sampling });
        Driven[] rough = EngineDriver.Run(engine, cases, new DriveOptions { Chunk = 20, Holds = 0.2, Evictions = 0.05, Arrivals = 4, Sampling = Sampling });
        Driven[] reseeded = EngineDriver.Run(engine, cases, new DriveOptions { Sampling = i => Sampling(i) with { Seed = 900 + i } });
        Assert.All(solo.Zip(rough), pair => Assert.Equal(pair.First.Tokens, pair.Second.Tokens));
        Assert.Contains(solo.Zip(reseeded), pair => !pair.First.Tokens.SequenceEqual(pair.Second.Tokens));
    }

    [Fact]
    public void RunStep_BadPlans_AreRefusedAndChangeNothing()
    {
        using ManagedInferenceEngine engine = TinyChat.LoadEngine(o => o.MaxStepTokens = 64);
        GoldenCase c = TinyChat.Cases.First(x => x.Prompt.Length is > 70 and <= 128);
        Start(engine, 0, c.Prompt);
        Start(engine, 1, c.Prompt);
        StepItem[][] plans =
        [
            [new(-1, 1)], [new(64, 1)], [new(2, 1)], [new(0, 0)], [new(0, -5)], [new(0, c.Prompt.Length + 1)], [new(0, int.MaxValue)],
            [new(0, 1), new(0, 1)], [new(0, 40), new(1, 40)], [new(0, 1), new(3, 1)],
        ];
        Assert.All(plans, plan => Assert.ThrowsAny<ArgumentException>(() => engine.RunStep(plan, _events)));
        Assert.Throws<ArgumentException>(() => engine.RunStep([new StepItem(0, 1), new StepItem(1, 1)], _events.AsSpan(0, 1)));
        engine.RunStep([new StepItem(0, 64)], _events);
        engine.RunStep([new StepItem(0, c.Prompt.Length - 64)], _events);
        Assert.Equal(c.Output[0], _events[0].Token);
    }

    [Fact]
    public void Start_BadSequences_AreRefusedAndChangeNothing()
    {
        using ManagedInferenceEngine engine = TinyChat.LoadEngine();
        Assert.ThrowsAny<ArgumentException>(() => Start(engine, -1, [5]));
        Assert.ThrowsAny<ArgumentException>(() => Start(engine, 64, [5]));
        Assert.ThrowsAny<ArgumentException>(() => Start(engine, 0, []));
        Assert.ThrowsAny<ArgumentException>(() => Start(engine, 0, [5, 1024]));
        Assert.ThrowsAny<ArgumentException>(() => Start(engine, 0, [-1]));
        Assert.ThrowsAny<ArgumentException>(() => Start(engine, 0, [5, 6], total: 1));
        Assert.ThrowsAny<ArgumentException>(() => Start(engine, 0, [5, 6], total: 4097));
        Assert.ThrowsAny<ArgumentException>(() => Start(engine, 0, [5, 6], new SamplingSettings { Temperature = -1 }));
        Assert.ThrowsAny<ArgumentException>(() => engine.Start(new SequenceStart { Slot = 0, Prompt = [5], Output = [9999], MaxTotalTokens = 9, Sampling = SamplingSettings.Greedy }));
        Assert.Throws<NotSupportedException>(() => engine.Start(new SequenceStart
        {
            Slot = 0,
            Prompt = [5],
            MaxTotalTokens = 9,
            Sampling = SamplingSettings.Greedy,
            Constraint = new OutputConstraint(OutputConstraintKind.JsonSchema, "{}"),
        }));
        Start(engine, 0, [5, 6]);
        Assert.ThrowsAny<ArgumentException>(() => Start(engine, 0, [5, 6]));
        Assert.Equal(1, engine.RunStep([new StepItem(0, 2)], _events));
    }

    [Fact]
    public void Start_BadToken_IsNamedByPositionAndNotShown()
    {
        using ManagedInferenceEngine engine = TinyChat.LoadEngine();
        ArgumentException e = Assert.ThrowsAny<ArgumentException>(() => Start(engine, 0, [5, 6, 123456]));
        Assert.Contains("position 2", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("123456", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RunStep_SequenceAtItsTotal_GivesItsTokenAndHasNoMore()
    {
        using ManagedInferenceEngine engine = TinyChat.LoadEngine();
        int[] prompt = TinyChat.Cases[0].Prompt;
        Start(engine, 0, prompt, total: prompt.Length);
        engine.RunStep([new StepItem(0, prompt.Length)], _events);
        Assert.Equal(TinyChat.Cases[0].Output[0], _events[0].Token);
        Assert.ThrowsAny<ArgumentException>(() => engine.RunStep([new StepItem(0, 1)], _events));
    }

    [Fact]
    public void Remove_EmptyOrUnknownSlot_IsHarmlessOrNamed()
    {
        using ManagedInferenceEngine engine = TinyChat.LoadEngine();
        engine.Remove(3);
        Assert.Throws<ArgumentOutOfRangeException>(() => engine.Remove(64));
        Assert.Throws<ArgumentOutOfRangeException>(() => engine.Remove(-1));
        Assert.Equal(0, engine.RunStep([], _events));
    }

    [Fact]
    public void Dispose_Twice_IsFineAndUseAfterwardsIsRefused()
    {
        ManagedInferenceEngine engine = TinyChat.LoadEngine();
        engine.Dispose();
        engine.Dispose();
        Assert.Throws<ObjectDisposedException>(() => Start(engine, 0, [5]));
        Assert.Throws<ObjectDisposedException>(() => engine.RunStep([], _events));
        Assert.Throws<ObjectDisposedException>(() => engine.Remove(0));
        Assert.Equal("managed", engine.Description.EngineName);
    }

    [Fact]
    public async Task Dispose_DuringAStep_WaitsForItsEnd()
    {
        GoldenCase c = TinyChat.Cases.First(x => x.Prompt.Length > 2000);
        ManagedInferenceEngine engine = TinyChat.LoadEngine();
        Start(engine, 0, c.Prompt);
        TaskCompletionSource isStepping = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<int> steps = Task.Run(() =>
        {
            int count = 0;
            try
            {
                for (; count < 1_000_000; count++)
                {
                    engine.RunStep([new StepItem(0, 1)], _events);
                    isStepping.TrySetResult();
                }
            }
            catch (ObjectDisposedException)
            {
            }
            catch (ArgumentException)
            {
            }

            return count;
        });
        await Task.WhenAny(isStepping.Task, steps);
        engine.Dispose();
        Assert.InRange(await steps, 1, 999_999);
        Assert.Throws<ObjectDisposedException>(() => engine.Remove(0));
    }

    private static void Start(ManagedInferenceEngine engine, int slot, int[] prompt, SamplingSettings? sampling = null, int? total = null) => engine.Start(new SequenceStart
    {
        Slot = slot,
        Prompt = prompt,
        MaxTotalTokens = total ?? Math.Min(prompt.Length + 200, engine.Description.MaxContextTokens),
        Sampling = sampling ?? SamplingSettings.Greedy,
    });

    /// <summary>tiny-chat with an untied head, and an embedding that is infinite for one token.</summary>
    private sealed class PoisonedSource(int poisonedToken) : IWeightSource
    {
        private readonly SafetensorsSource _source = new(TestFolders.TinyChat);

        public ModelConfig Config => _source.Config;

        public bool Contains(string name) => name == "lm_head.weight" || _source.Contains(name);

        public bool IsInt4(string name) => false;

        public void ReadRow(string name, int row, Span<float> destination)
        {
            _source.ReadRow(name == "lm_head.weight" ? "model.embed_tokens.weight" : name, row, destination);
            if (name == "model.embed_tokens.weight" && row == poisonedToken)
            {
                destination.Fill(float.PositiveInfinity);
            }
        }

        public void ReadInt4Row(string name, int row, Span<byte> packed, Span<float> scales) => throw new InvalidOperationException();

        public void Dispose() => _source.Dispose();
    }
}
