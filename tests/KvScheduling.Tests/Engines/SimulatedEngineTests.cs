namespace KvScheduling.Tests;

public class SimulatedEngineTests
{
    private static readonly int[] Prompt = SimulatedDriver.Prompt(40);

    [Fact]
    public void RunStep_SamePromptTwice_SaysTheSame()
    {
        using SimulatedDriver a = new();
        using SimulatedDriver b = new();
        List<int> output = a.Generate(0, Prompt);
        Assert.Equal(output, b.Generate(3, Prompt));
        Assert.NotEqual(output, b.Generate(0, SimulatedDriver.Prompt(40, salt: 1)));
    }

    [Fact]
    public void RunStep_OtherModelSeed_SaysOtherWords()
    {
        using SimulatedDriver a = new();
        using SimulatedDriver b = new(o => o.Seed = 1);
        Assert.NotEqual(a.Generate(0, Prompt), b.Generate(0, Prompt));
    }

    [Fact]
    public void RunStep_Sampled_DependsOnTheSeedAndGreedyDoesNot()
    {
        using SimulatedDriver driver = new();
        SamplingSettings one = new() { Temperature = 1, Seed = 1 };
        List<int> first = driver.Generate(0, Prompt, one);
        Assert.Equal(first, driver.Generate(0, Prompt, one));
        Assert.NotEqual(first, driver.Generate(0, Prompt, one with { Seed = 2 }));
        SamplingSettings greedy = new() { Temperature = 0, Seed = 1 };
        Assert.Equal(driver.Generate(0, Prompt, greedy), driver.Generate(0, Prompt, greedy with { Seed = 2 }));
    }

    [Fact]
    public void RunStep_ManyPrompts_LengthsLieAroundTheTypicalOne()
    {
        using SimulatedDriver driver = new();
        int[] lengths = [.. Enumerable.Range(0, 200).Select(i => driver.Generate(0, SimulatedDriver.Prompt(10, i)).Count)];
        Assert.All(lengths, length => Assert.InRange(length, 10, 30));
        Assert.InRange(lengths.Average(), 18, 22);
        Assert.True(lengths.Distinct().Count() > 10);
    }

    [Fact]
    public void RunStep_EvictedAndResumedAtEveryPoint_SaysTheSame()
    {
        using SimulatedDriver driver = new();
        List<int> whole = driver.Generate(0, Prompt);
        for (int cut = 0; cut < whole.Count; cut++)
        {
            driver.Start(0, Prompt, [.. whole[..cut]]);
            Assert.Equal(whole[cut], driver.Step(new StepItem(0, 40 + cut))[0].Token);
            driver.Engine.Remove(0);
        }
    }

    [Fact]
    public void RunStep_ResumedWithoutExactResume_SaysOtherWords()
    {
        using SimulatedDriver driver = new(o => o.SupportsExactResume = false);
        List<int> whole = driver.Generate(0, Prompt);
        driver.Start(0, Prompt, [.. whole[..5]]);
        List<int> resumed = [driver.Step(new StepItem(0, 45))[0].Token];
        for (int i = 6; i < whole.Count; i++)
        {
            resumed.Add(driver.Step(new StepItem(0, 1))[0].Token);
        }

        Assert.NotEqual(whole[5..], resumed);
    }

    [Fact]
    public void RunStep_Chunks_GiveATokenOnlyAtTheEnd()
    {
        using SimulatedDriver driver = new();
        driver.Start(0, Prompt);
        Assert.Equal(new StepEvent(0, 25, StepEvent.NoToken), driver.Step(new StepItem(0, 25))[0]);
        StepEvent last = driver.Step(new StepItem(0, 15))[0];
        Assert.Equal(15, last.Computed);
        Assert.NotEqual(StepEvent.NoToken, last.Token);
    }

    [Fact]
    public void RunStep_PastTheEndToken_GoesOnWithWords()
    {
        using SimulatedDriver driver = new();
        int length = driver.Generate(0, Prompt).Count;
        driver.Start(0, Prompt);
        driver.Step(new StepItem(0, 40));
        for (int i = 1; i <= length; i++)
        {
            driver.Step(new StepItem(0, 1));
        }

        Assert.DoesNotContain(driver.Step(new StepItem(0, 1))[0].Token, driver.Engine.Description.EndTokens);
    }

    [Fact]
    public void Blocks_OverALife_AreWholeAndComeBack()
    {
        using SimulatedDriver driver = new();
        driver.Start(0, Prompt);
        Assert.Equal(0, driver.Engine.KvUsedTokens);
        driver.Step(new StepItem(0, 40));
        Assert.Equal(48, driver.Engine.KvUsedTokens);
        for (int i = 0; i < 9; i++)
        {
            driver.Step(new StepItem(0, 1));
        }

        Assert.Equal(64, driver.Engine.KvUsedTokens);
        driver.Engine.Remove(0);
        Assert.Equal(0, driver.Engine.KvUsedTokens);
        Assert.Equal(0, driver.Engine.SequenceCount);
    }

    [Fact]
    public void Blocks_Shared_AreCountedOnceAndOutliveTheirDonor()
    {
        using SimulatedDriver driver = new();
        driver.Start(0, Prompt);
        driver.Step(new StepItem(0, 40));
        driver.Start(1, SimulatedDriver.Prompt(60), shared: 32, from: 0);
        Assert.Equal(48, driver.Engine.KvUsedTokens);
        driver.Step(new StepItem(1, 28));
        Assert.Equal(48 + 32, driver.Engine.KvUsedTokens);
        driver.Engine.Remove(0);
        Assert.Equal(64, driver.Engine.KvUsedTokens);
        driver.Engine.Remove(1);
        Assert.Equal(0, driver.Engine.KvUsedTokens);
    }

    [Fact]
    public void Blocks_ContinuedInsideASharedBlock_GetACopy()
    {
        using SimulatedDriver driver = new();
        driver.Start(0, Prompt);
        driver.Step(new StepItem(0, 40));
        driver.Start(1, SimulatedDriver.Prompt(60), shared: 32, from: 0);
        driver.Start(0, [.. Prompt[..20], 1, 2, 3], shared: 20, from: 0);
        Assert.Equal(32, driver.Engine.KvUsedTokens);
        driver.Step(new StepItem(0, 3));
        Assert.Equal(48, driver.Engine.KvUsedTokens);
    }

    [Fact]
    public void RunStep_PoolEmpty_RefusesOneSequenceOnly()
    {
        using SimulatedDriver driver = new(o => o.KvCapacityTokens = 64);
        driver.Start(0, Prompt);
        driver.Start(1, Prompt);
        StepEvent[] events = driver.Step(new StepItem(0, 40), new StepItem(1, 40));
        Assert.Equal(SequenceStatus.Ok, events[0].Status);
        Assert.Equal(new StepEvent(1, 0, StepEvent.NoToken, SequenceStatus.OutOfCapacity), events[1]);
        driver.Engine.Remove(0);
        Assert.Equal(SequenceStatus.Ok, driver.Step(new StepItem(1, 40))[0].Status);
        Assert.Null(driver.Engine.ContractBreach);
    }

    [Fact]
    public void RunStep_VirtualTime_MovesTheClockByTheCost()
    {
        using SimulatedDriver driver = new(o => (o.CostModel, o.Speed) = (new LinearCostModel(10, 1, 2, 0.5), 2));
        driver.Start(0, Prompt);
        driver.Step(new StepItem(0, 40));
        Assert.Equal(TimeSpan.FromMilliseconds(25), driver.Time.Elapsed);
        driver.Step(new StepItem(0, 1));
        Assert.Equal(TimeSpan.FromMilliseconds(25 + ((10 + 2 + 20) / 2.0)), driver.Time.Elapsed);
    }

    [Theory]
    [InlineData(HoldSupport.Free, 12)]
    [InlineData(HoldSupport.Soft, 12 + 8)]
    public void RunStep_ComesBackFromHold_CostsUpToABlock(HoldSupport hold, int milliseconds)
    {
        using SimulatedDriver driver = new(o => (o.CostModel, o.Hold) = (new LinearCostModel(10, 1, 2, 0), hold));
        driver.Start(0, Prompt);
        driver.Start(1, Prompt);
        driver.Step(new StepItem(0, 40), new StepItem(1, 40));
        driver.Step(new StepItem(1, 1));
        TimeSpan before = driver.Time.Elapsed;
        driver.Step(new StepItem(0, 1));
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), driver.Time.Elapsed - before);
    }

    [Fact]
    public async Task RunStep_RealTime_WaitsForTheTimer()
    {
        ManualTimeProvider time = new();
        using SimulatedDriver driver = new(o => o.TimeProvider = time);
        driver.Start(0, Prompt);
        Task<StepEvent[]> step = Task.Run(() => driver.Step(new StepItem(0, 40)));
        await time.TimerStarted;
        Assert.False(step.IsCompleted);
        time.Fire();
        Assert.Single(await step);
    }

    [Fact]
    public async Task RunStep_DisposedWhileItWaits_Throws()
    {
        ManualTimeProvider time = new();
        using SimulatedDriver driver = new(o => o.TimeProvider = time);
        driver.Start(0, Prompt);
        Task step = Task.Run(() => driver.Step(new StepItem(0, 40)));
        await time.TimerStarted;
        driver.Dispose();
        Assert.True((await Assert.ThrowsAsync<EngineFaultException>(() => step)).IsFatal);
    }

    [Fact]
    public void RunStep_Decode_AllocatesNothing()
    {
        using SimulatedDriver driver = new(o => o.CostModel = Llama2A100CostModel.Instance);
        StepItem[] plan = [.. Enumerable.Range(0, 8).Select(slot => new StepItem(slot, 1))];
        StepEvent[] events = new StepEvent[8];
        for (int slot = 0; slot < 8; slot++)
        {
            driver.Start(slot, SimulatedDriver.Prompt(20, slot));
            driver.Step(new StepItem(slot, 20));
        }

        driver.Engine.RunStep(plan, events);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 40; i++)
        {
            driver.Engine.RunStep(plan, events);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    /// <summary>A real clock, as far as the engine can see, whose timer fires by hand.</summary>
    private sealed class ManualTimeProvider : TimeProvider
    {
        private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private Action? _fire;
        private long _now;

        public Task TimerStarted => _started.Task;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Interlocked.Read(ref _now);

        public void Fire()
        {
            Interlocked.Add(ref _now, TimeSpan.TicksPerSecond);
            _fire!();
        }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _fire = () => callback(state);
            return new Timer(_started);
        }

        private sealed class Timer(TaskCompletionSource started) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period)
            {
                started.TrySetResult();
                return true;
            }

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => default;
        }
    }
}
