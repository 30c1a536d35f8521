namespace KvScheduling.Tests;

public class SimulatedFaultsTests
{
    private static readonly int[] Prompt = SimulatedDriver.Prompt(40);

    [Fact]
    public void AtSteps_StepFailure_LeavesTheEngineUsable()
    {
        using SimulatedDriver driver = new(o => o.Faults.AtSteps[2] = SimulatedFault.StepFailure);
        driver.Start(0, Prompt);
        driver.Start(1, Prompt);
        driver.Step(new StepItem(0, 40));
        Assert.False(Assert.Throws<EngineFaultException>(() => driver.Step(new StepItem(0, 1))).IsFatal);
        Assert.Equal(40, driver.Step(new StepItem(1, 40))[0].Computed);
    }

    [Fact]
    public void AtSteps_EngineLoss_LeavesTheEngineLostAndTheNextOneWell()
    {
        SimulatedFaults faults = new();
        faults.AtSteps[1] = SimulatedFault.EngineLoss;
        using SimulatedDriver first = new(o => o.Faults = faults);
        first.Start(0, Prompt);
        Assert.True(Assert.Throws<EngineFaultException>(() => first.Step(new StepItem(0, 40))).IsFatal);
        Assert.Throws<InvalidOperationException>(() => first.Engine.Remove(0));

        using SimulatedDriver second = new(o => o.Faults = faults);
        second.Start(0, Prompt);
        Assert.Equal(40, second.Step(new StepItem(0, 40))[0].Computed);
        Assert.Equal(2, faults.Steps);
        Assert.Equal(1, faults.Injected);
    }

    [Theory]
    [InlineData(SimulatedFault.OutOfCapacity, SequenceStatus.OutOfCapacity)]
    [InlineData(SimulatedFault.SequenceFailure, SequenceStatus.Failed)]
    public void Trigger_SequenceFault_HitsTheFirstSequence(SimulatedFault fault, SequenceStatus status)
    {
        SimulatedFaults faults = new();
        using SimulatedDriver driver = new(o => o.Faults = faults);
        driver.Start(0, Prompt);
        driver.Start(1, Prompt);
        faults.Trigger(fault);
        StepEvent[] events = driver.Step(new StepItem(1, 40), new StepItem(0, 40));
        Assert.Equal(new StepEvent(1, 0, StepEvent.NoToken, status), events[0]);
        Assert.Equal(SequenceStatus.Ok, events[1].Status);
    }

    [Fact]
    public void OutOfCapacitySlots_Slot_NeverFindsRoom()
    {
        using SimulatedDriver driver = new(o => o.Faults.OutOfCapacitySlots.Add(1));
        driver.Start(0, Prompt);
        driver.Start(1, Prompt);
        StepEvent[] events = driver.Step(new StepItem(0, 40), new StepItem(1, 40));
        Assert.Equal([SequenceStatus.Ok, SequenceStatus.OutOfCapacity], events.Select(e => e.Status));
    }

    [Fact]
    public void PoisonToken_InAPrompt_MakesItsStepsThrow()
    {
        using SimulatedDriver driver = new(o => o.Faults.PoisonToken = 300);
        driver.Start(0, Prompt);
        driver.Start(1, [1, 2, 300]);
        Assert.Throws<EngineFaultException>(() => driver.Step(new StepItem(0, 40), new StepItem(1, 3)));
        driver.Engine.Remove(0);
        driver.Engine.Remove(1);
        driver.Start(0, Prompt);
        Assert.Equal(40, driver.Step(new StepItem(0, 40))[0].Computed);
    }

    [Fact]
    public void RefusedToken_InAPrompt_MakesStartThrow()
    {
        using SimulatedDriver driver = new(o => o.Faults.RefusedToken = 255);
        Assert.Throws<EngineFaultException>(() => driver.Start(1, [1, 2, 255]));
        Assert.Equal(0, driver.Engine.SequenceCount);
        Assert.Null(driver.Engine.ContractBreach);
    }

    [Fact]
    public void SlowStep_Takes_FactorTimesAsLong()
    {
        using SimulatedDriver driver = new(o =>
        {
            o.Faults.AtSteps[1] = SimulatedFault.SlowStep;
            o.Faults.SlowStepFactor = 7;
        });
        driver.Start(0, Prompt);
        driver.Step(new StepItem(0, 40));
        Assert.Equal(TimeSpan.FromSeconds(7), driver.Time.Elapsed);
    }

    [Fact]
    public async Task Hang_Released_CarriesTheStepOut()
    {
        SimulatedFaults faults = new();
        faults.Trigger(SimulatedFault.Hang);
        using SimulatedDriver driver = new(o => o.Faults = faults);
        driver.Start(0, Prompt);
        Task<StepEvent[]> step = Task.Run(() => driver.Step(new StepItem(0, 40)));
        faults.ReleaseHang();
        Assert.Equal(40, (await step)[0].Computed);
    }

    [Fact]
    public async Task Hang_Disposed_Throws()
    {
        SimulatedFaults faults = new();
        faults.Trigger(SimulatedFault.Hang);
        using SimulatedDriver driver = new(o => o.Faults = faults);
        driver.Start(0, Prompt);
        Task step = Task.Run(() => driver.Step(new StepItem(0, 40)));
        await TestHost.UntilAsync(() => faults.Steps > 0);
        driver.Dispose();
        Assert.True((await Assert.ThrowsAsync<EngineFaultException>(() => step)).IsFatal);
    }

    [Fact]
    public void Probabilities_SameSeed_GiveTheSameFaults()
    {
        string first = Run(seed: 1);
        Assert.Equal(first, Run(seed: 1));
        Assert.NotEqual(first, Run(seed: 2));
        Assert.Contains('x', first);
        Assert.Contains('c', first);
        Assert.Contains('f', first);

        static string Run(long seed)
        {
            using SimulatedDriver driver = new(o =>
            {
                o.Faults.Seed = seed;
                o.Faults.StepFailureProbability = 0.1;
                o.Faults.OutOfCapacityProbability = 0.1;
                o.Faults.SequenceFailureProbability = 0.1;
            });
            string log = "";
            for (int i = 0; i < 100; i++)
            {
                driver.Start(0, Prompt);
                try
                {
                    log += driver.Step(new StepItem(0, 40))[0].Status switch { SequenceStatus.Ok => '.', SequenceStatus.Failed => 'f', _ => 'c' };
                }
                catch (EngineFaultException)
                {
                    log += 'x';
                }

                driver.Engine.Remove(0);
            }

            return log;
        }
    }

    [Fact]
    public void EngineLossProbability_One_LosesTheEngineAtOnce()
    {
        using SimulatedDriver driver = new(o => o.Faults.EngineLossProbability = 1);
        driver.Start(0, Prompt);
        Assert.True(Assert.Throws<EngineFaultException>(() => driver.Step(new StepItem(0, 40))).IsFatal);
    }
}
