namespace KvScheduling.Conformance;

/// <summary>What every engine must do, checked on the engine itself. Claims in its description that it does not make are not checked.</summary>
public abstract class EngineConformanceTests : ConformanceTestBase
{
    /// <summary>Creates the suite for an engine.</summary>
    protected EngineConformanceTests(IEngineUnderTest target)
        : base(target)
    {
    }

    [Fact]
    public void Description_OfAnyEngine_IsSane()
    {
        using EngineDriver driver = CreateDriver();
        EngineDescription description = driver.Engine.Description;
        Assert.NotEmpty(description.EngineName);
        Assert.NotEmpty(description.ModelId);
        Assert.InRange(description.BlockTokens, 1, description.KvCapacityTokens);
        Assert.Equal(0, description.KvCapacityTokens % description.BlockTokens);
        Assert.InRange(description.MaxSequences, new EngineSize().MaxSequences, int.MaxValue);
        Assert.InRange(description.MaxStepTokens, 1, int.MaxValue);
        Assert.InRange(description.MaxContextTokens, 2, int.MaxValue);
        Assert.NotEmpty(description.EndTokens);
        Assert.All(description.EndTokens, token => Assert.InRange(token, 0, description.VocabularySize - 1));
        Assert.All(Target.Cases, test => Assert.All(test.Prompt, token => Assert.InRange(token, 0, description.VocabularySize - 1)));
        Assert.Equal(description, driver.Engine.Description);
    }

    [Fact]
    public void Solo_CasesWithKnownOutputs_GiveThem()
    {
        ConformanceCase[] golden = [.. Target.Cases.Where(static test => test.ExpectedOutput is not null)];
        Assert.NotEmpty(golden);
        using EngineDriver driver = CreateDriver();
        foreach (ConformanceCase test in golden)
        {
            AssertOutput(test, driver.Solo(test));
        }
    }

    [Fact]
    public void Batch_StaggeredStarts_EqualSolo()
    {
        using EngineDriver driver = CreateDriver();
        Queue<ConformanceCase> waiting = new(Quick);
        List<SequenceRun> all = [];
        List<SequenceRun> active = [];
        int slot = 0;
        while (waiting.Count > 0 || active.Count > 0)
        {
            if (waiting.TryDequeue(out ConformanceCase? test))
            {
                active.Add(driver.Start(test, slot++));
                all.Add(active[^1]);
            }

            driver.StepAll(active);
            driver.RemoveDone(active);
        }

        Assert.All(all, AssertSolo);
    }

    [Fact]
    public void Batch_SameCaseInEverySlot_EqualsSolo()
    {
        using EngineDriver driver = CreateDriver();
        List<SequenceRun> runs = [];
        for (int slot = 0; slot < 8; slot++)
        {
            runs.Add(driver.Start(Quick[0], slot));
        }

        driver.Finish(runs);
        Assert.All(runs, AssertSolo);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(16)]
    [InlineData(61)]
    public void Chunks_OfAnySize_EqualWholePrompt(int chunk)
    {
        using EngineDriver driver = CreateDriver();
        if (!driver.Engine.Description.SupportsChunkedPrefill)
        {
            return;
        }

        SequenceRun other = driver.Start(Quick[1], slot: 1);
        SequenceRun run = driver.Start(LongPrompt, slot: 0);
        driver.StepAll([other]);
        while (run.PendingTokens > 1)
        {
            (SequenceRun, int) share = (run, Math.Min(chunk, run.PendingTokens));
            driver.Step(other.IsDone ? [share] : [share, (other, 1)]);
        }

        driver.Finish(run, other);
        AssertSolo(run);
        AssertSolo(other);
    }

    [Fact]
    public void Hold_AtRandom_EqualsSolo()
    {
        using EngineDriver driver = CreateDriver();
        if (driver.Engine.Description.Hold == HoldSupport.None)
        {
            return;
        }

        Random random = new(1);
        SequenceRun[] all = [.. Quick.Select((test, slot) => driver.Start(test, slot))];
        List<SequenceRun> active = [.. all];
        while (active.Count > 0)
        {
            SequenceRun[] chosen = [.. active.Where(_ => random.Next(3) > 0)];
            if (chosen.Length > 0)
            {
                driver.StepAll(chosen);
            }

            driver.RemoveDone(active);
        }

        Assert.All(all, AssertSolo);
    }

    [Fact]
    public void Resume_AfterEveryToken_EqualsSolo()
    {
        using EngineDriver driver = CreateDriver();
        if (!driver.Engine.Description.SupportsExactResume)
        {
            return;
        }

        ConformanceCase test = Quick.MaxBy(test => Solo(test).Length)!;
        int[] whole = Solo(test);
        for (int cut = 0; cut < whole.Length; cut++)
        {
            SequenceRun run = driver.Start(test, cut % 4, whole.AsSpan(0, cut));
            while (run.Output.Count == cut && !run.IsDone)
            {
                driver.StepAll([run]);
            }

            Assert.Equal(whole[cut], run.Output[cut]);
            driver.Remove(run);
        }
    }

    [Fact]
    public void Resume_AgainAndAgainInABatch_EqualsSolo()
    {
        using EngineDriver driver = CreateDriver();
        if (!driver.Engine.Description.SupportsExactResume)
        {
            return;
        }

        Random random = new(2);
        SequenceRun[] runs = [.. Quick.Take(8).Select((test, slot) => driver.Start(slot % 2 == 0 ? test : Sampled(test, slot), slot))];
        while (!runs.All(static run => run.IsDone))
        {
            driver.StepAll(runs);
            int i = random.Next(runs.Length);
            if (!runs[i].IsDone && random.Next(3) == 0)
            {
                // Whatever it has computed so far, in the middle of its prompt or of its output, is thrown away.
                driver.Remove(runs[i]);
                runs[i] = driver.Start(runs[i].Case, runs[i].Slot, runs[i].Output.ToArray());
            }

            RemoveFinished(driver, runs);
        }

        Assert.All(runs, AssertSolo);
    }

    [Fact]
    public void Resume_AfterAStepWhoseEventsWereLost_EqualsSolo()
    {
        StepFaults faults = new() { AfterStep = [3, 9, 10] };
        using EngineDriver driver = new(new FaultyEngine(Target.CreateEngine(new EngineSize()), faults));
        if (!driver.Engine.Description.SupportsExactResume)
        {
            return;
        }

        SequenceRun[] runs = [.. Quick.Take(4).Select((test, slot) => driver.Start(test, slot))];
        while (!runs.All(static run => run.IsDone))
        {
            try
            {
                driver.StepAll(runs);
            }
            catch (EngineFaultException)
            {
                for (int i = 0; i < runs.Length; i++)
                {
                    if (!runs[i].IsDone)
                    {
                        driver.Remove(runs[i]);
                        runs[i] = driver.Start(runs[i].Case, runs[i].Slot, runs[i].Output.ToArray());
                    }
                }
            }

            RemoveFinished(driver, runs);
        }

        Assert.All(runs, AssertSolo);
    }

    [Fact]
    public void Remove_OthersAtAnyTime_ChangesNothing()
    {
        using EngineDriver driver = CreateDriver();
        SequenceRun kept = driver.Start(Quick[0], slot: 0);
        List<SequenceRun> others = [];
        Random random = new(3);
        int next = 1;
        while (!kept.IsDone)
        {
            if (others.Count < 6)
            {
                int slot = Enumerable.Range(1, 7).First(slot => others.TrueForAll(other => other.Slot != slot));
                others.Add(driver.Start(Quick[next++ % Quick.Count], slot));
            }

            driver.StepAll([kept, .. others]);
            driver.RemoveDone(others);
            if (others.Count > 0 && random.Next(2) == 0)
            {
                int victim = random.Next(others.Count);
                driver.Remove(others[victim]);
                others.RemoveAt(victim);
            }
        }

        AssertSolo(kept);
    }

    [Fact]
    public void Slots_UsedManyTimes_StayExact()
    {
        using EngineDriver driver = CreateDriver();
        List<SequenceRun> active = [];
        for (int i = 0; i < 150 || active.Count > 0;)
        {
            while (active.Count < 3 && i < 150)
            {
                int slot = Enumerable.Range(0, 3).First(slot => active.TrueForAll(run => run.Slot != slot));
                active.Add(driver.Start(Quick[i++ % Quick.Count] with { MaxOutputTokens = 2 }, slot));
            }

            driver.StepAll(active);
            foreach (SequenceRun run in active.Where(static run => run.IsDone))
            {
                Assert.Equal(Solo(Quick.First(test => test.Name == run.Case.Name)).Take(2), run.Output);
            }

            driver.RemoveDone(active);
        }
    }

    [Fact]
    public void Capacity_UsedUp_RefusesOneSequenceAndLeavesTheOtherAlone()
    {
        ConformanceCase test = LongPrompt;
        int block;
        using (EngineDriver probe = CreateDriver())
        {
            block = probe.Engine.Description.BlockTokens;
        }

        int room = (test.Prompt.Length + test.MaxOutputTokens + block - 1) / block * block;
        Assert.True(2 * test.Prompt.Length > room, "The engine under test must bring a short case whose prompt is longer than its output limit by a block.");
        using EngineDriver driver = CreateDriver(new EngineSize { KvCapacityTokens = room });
        SequenceRun first = driver.Start(test, slot: 0);
        driver.StepAll([first]);
        SequenceRun second = driver.Start(test, slot: 1);
        while (!first.IsDone)
        {
            driver.Step((first, 1), (second, second.PendingTokens));
            Assert.True(second.WasRefused);
        }

        driver.Remove(first);
        driver.Finish(second);
        AssertSolo(first);
        AssertSolo(second);
    }

    [Fact]
    public void Seeds_Sampled_DecideTheOutput()
    {
        using EngineDriver driver = CreateDriver();
        ConformanceCase[] tests = [.. Enumerable.Range(1, 6).Select(seed => Sampled(Quick[0], seed))];
        SequenceRun[] runs = [.. tests.Select((test, slot) => driver.Start(test, slot))];
        driver.Finish(runs);
        Assert.All(runs, AssertSolo);
        Assert.True(runs.Select(static run => string.Join(' ', run.Output)).Distinct().Count() > 1, "Six seeds gave one output.");
    }

    [Fact]
    public void Step_WhileGenerating_AllocatesNothing()
    {
        using EngineDriver driver = CreateDriver();
        ConformanceCase test = Quick[0] with { MaxOutputTokens = 160 };
        StepItem[] plan = [.. Enumerable.Range(0, 4).Select(static slot => new StepItem(slot, 1))];
        StepEvent[] events = new StepEvent[plan.Length];
        SequenceRun[] runs = [.. plan.Select(item => driver.Start(test, item.Slot))];
        driver.StepAll(runs);
        for (int i = 0; i < 40; i++)
        {
            driver.Engine.RunStep(plan, events);
        }

        // The runtime charges a table of its own that it has to enlarge, for all tests of the process, to whichever thread comes by; what a step allocates is in every window.
        long[] allocated = new long[5];
        for (int window = 0; window < allocated.Length; window++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 20; i++)
            {
                driver.Engine.RunStep(plan, events);
            }

            allocated[window] = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.True(allocated.Count(static bytes => bytes == 0) >= 4, $"Bytes by window of 20 steps: {string.Join(' ', allocated)}.");
    }

    [Fact]
    public void Dispose_Twice_IsHarmless()
    {
        IInferenceEngine engine = Target.CreateEngine(new EngineSize());
        engine.Dispose();
        engine.Dispose();
    }

    /// <summary>Frees the slots of finished sequences; their runs stay in the array.</summary>
    private static void RemoveFinished(EngineDriver driver, SequenceRun[] runs)
    {
        foreach (SequenceRun run in runs)
        {
            if (run.IsDone && !run.IsRemoved)
            {
                driver.Remove(run);
            }
        }
    }
}
