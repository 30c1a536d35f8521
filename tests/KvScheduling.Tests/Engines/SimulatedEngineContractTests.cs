namespace KvScheduling.Tests;

public class SimulatedEngineContractTests
{
    private static readonly int[] Prompt = SimulatedDriver.Prompt(40);

    private static void AssertBreach(SimulatedDriver driver, Action call, string says)
    {
        InvalidOperationException breach = Assert.Throws<InvalidOperationException>(call);
        Assert.Contains(says, breach.Message, StringComparison.Ordinal);
        Assert.Equal(breach.Message, driver.Engine.ContractBreach);
    }

    [Fact]
    public void Start_TakenSlot_Throws()
    {
        using SimulatedDriver driver = new();
        driver.Start(0, Prompt);
        AssertBreach(driver, () => driver.Start(0, Prompt), "is taken");
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(8)]
    public void Start_SlotOutOfRange_Throws(int slot)
    {
        using SimulatedDriver driver = new();
        AssertBreach(driver, () => driver.Start(slot, Prompt), "slots are from 0 to 7");
    }

    [Fact]
    public void Start_EmptyPrompt_Throws()
    {
        using SimulatedDriver driver = new();
        AssertBreach(driver, () => driver.Start(0, []), "empty");
    }

    [Theory]
    [InlineData(40)]
    [InlineData(513)]
    public void Start_LimitOutsidePromptAndContext_Throws(int maxTotal)
    {
        using SimulatedDriver driver = new();
        AssertBreach(driver, () => driver.Start(0, Prompt, maxTotal: maxTotal), "limit");
    }

    [Fact]
    public void Start_TokenOutsideVocabulary_Throws()
    {
        using SimulatedDriver driver = new();
        AssertBreach(driver, () => driver.Start(0, [1, driver.Engine.Description.VocabularySize]), "token id");
    }

    [Fact]
    public void Start_ConstraintWithoutGuidance_Throws()
    {
        using SimulatedDriver driver = new();
        AssertBreach(
            driver,
            () => driver.Engine.Start(new SequenceStart
            {
                Slot = 0,
                Prompt = Prompt,
                MaxTotalTokens = 100,
                Sampling = SamplingSettings.Greedy,
                Constraint = new OutputConstraint(OutputConstraintKind.JsonSchema, "{}"),
            }),
            "guidance");
    }

    [Fact]
    public void Start_SampledWithoutSeed_Throws()
    {
        using SimulatedDriver driver = new();
        AssertBreach(driver, () => driver.Start(0, Prompt, sampling: new SamplingSettings()), "seed");
    }

    [Fact]
    public void Start_ResumeWithForeignOutput_Throws()
    {
        using SimulatedDriver driver = new();
        List<int> output = driver.Generate(0, Prompt);
        output[2] = (output[2] + 1) % 256;
        AssertBreach(driver, () => driver.Start(0, Prompt, [.. output]), "position 2");
    }

    [Fact]
    public void Start_SharedWithOtherTokens_Throws()
    {
        using SimulatedDriver driver = new();
        driver.Start(0, Prompt);
        driver.Step(new StepItem(0, 40));
        AssertBreach(driver, () => driver.Start(1, SimulatedDriver.Prompt(40, salt: 1), shared: 32, from: 0), "different");
    }

    [Theory]
    [InlineData(8, "whole blocks")]
    [InlineData(48, "has in the cache")]
    public void Start_SharedCountWrong_Throws(int shared, string says)
    {
        using SimulatedDriver driver = new();
        driver.Start(0, Prompt);
        driver.Step(new StepItem(0, 40));
        AssertBreach(driver, () => driver.Start(1, SimulatedDriver.Prompt(60), shared: shared, from: 0), says);
    }

    [Fact]
    public void Start_SharedAllOfItsTokens_Throws()
    {
        using SimulatedDriver driver = new();
        driver.Start(0, Prompt);
        driver.Step(new StepItem(0, 40));
        AssertBreach(driver, () => driver.Start(1, Prompt[..32], shared: 32, from: 0), "nothing to compute");
    }

    [Theory]
    [InlineData(PrefixReuse.None)]
    [InlineData(PrefixReuse.Continue)]
    public void Start_SharedWithoutTheCapability_Throws(PrefixReuse reuse)
    {
        using SimulatedDriver driver = new(o => o.PrefixReuse = reuse);
        driver.Start(0, Prompt);
        driver.Step(new StepItem(0, 40));
        AssertBreach(driver, () => driver.Start(1, SimulatedDriver.Prompt(60), shared: 32, from: 0), "can't do");
    }

    [Fact]
    public void Start_ContinuedBeforeItsEndWhereOnlyTheEndCan_Throws()
    {
        using SimulatedDriver driver = new(o => o.PrefixReuse = PrefixReuse.Continue);
        driver.Start(0, Prompt);
        driver.Step(new StepItem(0, 40));
        AssertBreach(driver, () => driver.Start(0, SimulatedDriver.Prompt(60), shared: 32, from: 0), "only continue at the end");
    }

    [Fact]
    public void Remove_EmptySlot_Throws()
    {
        using SimulatedDriver driver = new();
        AssertBreach(driver, () => driver.Engine.Remove(3), "holds no sequence");
    }

    [Fact]
    public void RunStep_UnknownSlot_Throws()
    {
        using SimulatedDriver driver = new();
        AssertBreach(driver, () => driver.Step(new StepItem(2, 1)), "holds no sequence");
    }

    [Fact]
    public void RunStep_SlotTwice_Throws()
    {
        using SimulatedDriver driver = new();
        driver.Start(0, Prompt);
        AssertBreach(driver, () => driver.Step(new StepItem(0, 10), new StepItem(0, 10)), "twice");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(41)]
    public void RunStep_WrongTokenCount_Throws(int tokens)
    {
        using SimulatedDriver driver = new();
        driver.Start(0, Prompt);
        AssertBreach(driver, () => driver.Step(new StepItem(0, tokens)), "which has 40 to compute");
    }

    [Fact]
    public void RunStep_DecodeOfTwoTokens_Throws()
    {
        using SimulatedDriver driver = new();
        driver.Start(0, Prompt);
        driver.Step(new StepItem(0, 40));
        AssertBreach(driver, () => driver.Step(new StepItem(0, 2)), "which has 1 to compute");
    }

    [Fact]
    public void RunStep_ChunkWhereWholePromptsAreTaken_Throws()
    {
        using SimulatedDriver driver = new(o => o.SupportsChunkedPrefill = false);
        driver.Start(0, Prompt);
        AssertBreach(driver, () => driver.Step(new StepItem(0, 39)), "whole");
    }

    [Fact]
    public void RunStep_MoreTokensThanAStepTakes_Throws()
    {
        using SimulatedDriver driver = new(o => o.MaxStepTokens = 50);
        driver.Start(0, Prompt);
        driver.Start(1, Prompt);
        AssertBreach(driver, () => driver.Step(new StepItem(0, 40), new StepItem(1, 11)), "at most 50");
    }

    [Fact]
    public void RunStep_PastTheLimit_Throws()
    {
        using SimulatedDriver driver = new();
        driver.Start(0, Prompt, maxTotal: 41);
        driver.Step(new StepItem(0, 40));
        AssertBreach(driver, () => driver.Step(new StepItem(0, 1)), "limit of 41");
    }

    [Fact]
    public void RunStep_TooFewEvents_Throws()
    {
        using SimulatedDriver driver = new();
        driver.Start(0, Prompt);
        AssertBreach(driver, () => driver.Engine.RunStep([new StepItem(0, 1)], []), "room for 0 events");
    }

    [Fact]
    public void RunStep_HoldingWithoutTheCapability_Throws()
    {
        using SimulatedDriver driver = new(o => (o.Hold, o.PrefixReuse) = (HoldSupport.None, PrefixReuse.None));
        driver.Start(0, Prompt);
        driver.Start(1, Prompt);
        AssertBreach(driver, () => driver.Step(new StepItem(0, 40)), "slot 1 out");
    }

    [Fact]
    public void RunStep_ParkedByLeavingOut_CanOnlyBeContinued()
    {
        using SimulatedDriver driver = new(o => (o.Hold, o.PrefixReuse) = (HoldSupport.None, PrefixReuse.Continue));
        driver.Start(0, Prompt);
        driver.Start(1, Prompt);
        int token = driver.Step(new StepItem(0, 40), new StepItem(1, 40))[0].Token;
        driver.Step(new StepItem(1, 1));
        AssertBreach(driver, () => driver.Step(new StepItem(0, 1), new StepItem(1, 1)), "parked");

        driver.Start(0, [.. Prompt, token, 5, 6], shared: 40, from: 0);
        StepEvent[] events = driver.Step(new StepItem(0, 3), new StepItem(1, 1));
        Assert.NotEqual(StepEvent.NoToken, events[0].Token);
    }

    [Fact]
    public void RunStep_AfterAFailedStepWithoutRemoval_Throws()
    {
        using SimulatedDriver driver = new(o => o.Faults.AtSteps[1] = SimulatedFault.StepFailure);
        driver.Start(0, Prompt);
        Assert.Throws<EngineFaultException>(() => driver.Step(new StepItem(0, 40)));
        AssertBreach(driver, () => driver.Step(new StepItem(0, 40)), "undefined");
        driver.Engine.Remove(0);
        driver.Start(0, Prompt);
        Assert.Equal(40, driver.Step(new StepItem(0, 40))[0].Computed);
    }

    [Fact]
    public void Calls_AfterDispose_Throw()
    {
        SimulatedDriver driver = new();
        driver.Dispose();
        driver.Dispose();
        Assert.Throws<ObjectDisposedException>(() => driver.Start(0, Prompt));
    }

    [Fact]
    public void RunStep_OverCapacityWhereThatIsABreach_Throws()
    {
        using SimulatedDriver driver = new(o => (o.KvCapacityTokens, o.ThrowWhenOverCapacity) = (32, true));
        driver.Start(0, Prompt);
        AssertBreach(driver, () => driver.Step(new StepItem(0, 40)), "KV cache of 32 tokens");
    }

    public static TheoryData<string, Action<SimulatedEngineOptions>> WrongOptions => new()
    {
        { "ModelId", o => o.ModelId = " " },
        { "KvCapacityTokens", o => o.KvCapacityTokens = 15 },
        { "BlockTokens", o => o.BlockTokens = 0 },
        { "MaxSequences", o => o.MaxSequences = 0 },
        { "MaxContextTokens", o => o.MaxContextTokens = 1 },
        { "MaxStepTokens", o => o.MaxStepTokens = 0 },
        { "MaxStepTokens", o => (o.SupportsChunkedPrefill, o.MaxStepTokens) = (false, 511) },
        { "TypicalOutputTokens", o => o.TypicalOutputTokens = 0 },
        { "OutputLengthSpread", o => o.OutputLengthSpread = 1.5 },
        { "Speed", o => o.Speed = 0 },
        { "Hold", o => o.Hold = (HoldSupport)9 },
        { "PrefixReuse", o => o.PrefixReuse = (PrefixReuse)9 },
        { "StepFailureProbability", o => o.Faults.StepFailureProbability = 2 },
        { "EngineLossProbability", o => o.Faults.EngineLossProbability = double.NaN },
        { "SlowStepProbability", o => o.Faults.SlowStepProbability = -1 },
        { "SlowStepFactor", o => o.Faults.SlowStepFactor = 0.5 },
        { "OutOfCapacityProbability", o => o.Faults.OutOfCapacityProbability = 2 },
        { "SequenceFailureProbability", o => o.Faults.SequenceFailureProbability = 2 },
    };

    [Theory]
    [MemberData(nameof(WrongOptions))]
    public void Constructor_WrongOption_NamesIt(string name, Action<SimulatedEngineOptions> configure)
    {
        ArgumentException error = Assert.ThrowsAny<ArgumentException>(() => new SimulatedDriver(configure));
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
    }
}
