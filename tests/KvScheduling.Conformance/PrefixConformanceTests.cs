namespace KvScheduling.Conformance;

/// <summary>What an engine that reuses prefixes must do. Derive where <see cref="EngineDescription.PrefixReuse"/> is claimed.</summary>
public abstract class PrefixConformanceTests : ConformanceTestBase
{
    /// <summary>Creates the suite for an engine.</summary>
    protected PrefixConformanceTests(IEngineUnderTest target)
        : base(target)
    {
    }

    /// <summary>How a prefix's first holder is, when another takes it.</summary>
    public enum Donor
    {
        /// <summary>It generates, and goes on.</summary>
        Running,

        /// <summary>Its prompt is half computed.</summary>
        Prefilling,

        /// <summary>It is done and keeps its slot.</summary>
        Parked,

        /// <summary>It is removed right after.</summary>
        Removed,
    }

    [Theory]
    [InlineData(Donor.Running)]
    [InlineData(Donor.Prefilling)]
    [InlineData(Donor.Parked)]
    [InlineData(Donor.Removed)]
    public void Share_PrefixOfAnother_EqualsSolo(Donor kind)
    {
        using EngineDriver driver = CreateDriver();
        EngineDescription description = driver.Engine.Description;
        if (description.PrefixReuse != PrefixReuse.Share || (kind == Donor.Prefilling && !description.SupportsChunkedPrefill))
        {
            return;
        }

        int block = description.BlockTokens;
        int common = LongPrompt.Prompt.Length - 3;
        ConformanceCase test = new($"{LongPrompt.Name} then {Quick[1].Name}", [.. LongPrompt.Prompt[..common], .. Quick[1].Prompt], Quick[1].MaxOutputTokens);
        SequenceRun donor = driver.Start(LongPrompt, slot: 3);
        int computed = kind == Donor.Prefilling ? (LongPrompt.Prompt.Length / block / 2 * block) + 1 : LongPrompt.Prompt.Length;
        driver.Step((donor, computed));
        while (kind == Donor.Parked && !donor.IsDone)
        {
            driver.StepAll([donor]);
        }

        int shared = Math.Min(computed, common) / block * block;
        Assert.True(shared > 0, "The engine under test must bring prompts longer than two blocks.");
        SequenceRun run = driver.Start(test, slot: 5, sharedTokens: shared, sharedFromSlot: donor.Slot);
        if (kind is Donor.Removed or Donor.Parked)
        {
            if (kind == Donor.Removed)
            {
                driver.Remove(donor);
            }

            driver.Finish(run);
        }
        else
        {
            driver.Finish(run, donor);
            AssertSolo(donor);
        }

        AssertSolo(run);
    }

    [Fact]
    public void Share_OnePrefixAmongMany_EqualsSolo()
    {
        using EngineDriver driver = CreateDriver();
        EngineDescription description = driver.Engine.Description;
        if (description.PrefixReuse != PrefixReuse.Share)
        {
            return;
        }

        int shared = (LongPrompt.Prompt.Length - 1) / description.BlockTokens * description.BlockTokens;
        List<SequenceRun> runs = [driver.Start(LongPrompt, slot: 0)];
        driver.StepAll(runs);
        for (int slot = 1; slot < 8; slot++)
        {
            // Each takes it from the one before, so that it is held by chains of sequences that come and go.
            runs.Add(driver.Start(slot % 2 == 0 ? LongPrompt : Sampled(LongPrompt, slot), slot, sharedTokens: shared, sharedFromSlot: slot - 1));
        }

        driver.Remove(runs[2]);
        runs.RemoveAt(2);
        driver.Finish(runs);
        Assert.All(runs, AssertSolo);
    }

    [Fact]
    public void Continue_ParkedConversation_EqualsSolo()
    {
        using EngineDriver driver = CreateDriver();
        if (driver.Engine.Description.PrefixReuse == PrefixReuse.None)
        {
            return;
        }

        SequenceRun first = driver.Start(Quick[0], slot: 2);
        while (!first.IsDone)
        {
            driver.StepAll([first]);
        }

        SequenceRun latest = first;
        for (int turn = 1; turn <= 2; turn++)
        {
            int[] prompt = [.. latest.Case.Prompt, .. latest.Output, .. Quick[turn].Prompt];
            ConformanceCase next = new($"turn {turn} after {latest.Case.Name}", prompt, Quick[turn].MaxOutputTokens);
            latest = driver.Start(next, slot: 2, sharedTokens: latest.CachedTokens, sharedFromSlot: 2);
            while (!latest.IsDone)
            {
                driver.StepAll([latest]);
            }

            AssertSolo(latest);
        }

        driver.Remove(latest);
        AssertOutput(Quick[0], driver.Solo(Quick[0]));
    }
}
