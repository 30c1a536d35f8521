namespace KvScheduling.Tests;

/// <summary>The forward profile against full scans of every round.</summary>
public sealed class KvProfileTests
{
    private static readonly int[] BlockSizes = [1, 4, 6, 16];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Fits_RandomResidents_EqualsAScanOfEveryRound(int seed)
    {
        var random = new Random(seed);
        int both = 0;
        for (int instance = 0; instance < 1_500; instance++)
        {
            (KvProfile profile, List<Resident> residents, int block, long blocks) = Create(random);
            if (!IsFeasible(residents, block, blocks))
            {
                continue;
            }

            for (int attempt = 0; attempt < 4; attempt++)
            {
                var candidate = new Resident(1 + random.Next(12), 1 + random.Next(12), 0);
                bool expected = IsFeasible([.. residents, candidate], block, blocks);
                Assert.Equal(expected, profile.Fits(candidate.Held, candidate.Remaining, profile.Clock));
                both |= expected ? 1 : 2;
            }
        }

        Assert.Equal(3, both);
    }

    [Theory]
    [InlineData(13)]
    [InlineData(14)]
    public void Fits_AfterStartsEndsAndSteps_EqualsAScanOfEveryRound(int seed)
    {
        var random = new Random(seed);
        int both = 0;
        for (int instance = 0; instance < 200; instance++)
        {
            (KvProfile profile, List<Resident> residents, int block, long blocks) = Create(random);
            List<int> tags = [.. Enumerable.Range(0, residents.Count)];
            for (int operation = 0; operation < 40; operation++)
            {
                if (residents.Count > 0 && random.Next(4) == 0)
                {
                    int leaves = random.Next(residents.Count);
                    profile.RemoveAt(profile.IndexOf(tags[leaves]));
                    residents.RemoveAt(leaves);
                    tags.RemoveAt(leaves);
                }
                else if (random.Next(3) > 0)
                {
                    bool[] advanced = new bool[tags.Count > 0 ? tags.Max() + 1 : 0];
                    bool all = random.Next(2) == 0;
                    for (int i = 0; i < residents.Count; i++)
                    {
                        bool advances = residents[i].Remaining > 1 && (all || random.Next(2) == 0);
                        advanced[tags[i]] = advances;
                        residents[i] = advances ? residents[i] with { Held = residents[i].Held + 1, Remaining = residents[i].Remaining - 1 } : residents[i];
                    }

                    profile.Step(advanced);
                }

                if (!IsFeasible(residents, block, blocks))
                {
                    break;
                }

                var candidate = new Resident(1 + random.Next(12), 1 + random.Next(12), 0);
                bool expected = IsFeasible([.. residents, candidate], block, blocks);
                Assert.Equal(expected, profile.Fits(candidate.Held, candidate.Remaining, profile.Clock));
                both |= expected ? 1 : 2;
                if (expected)
                {
                    int tag = tags.Count > 0 ? tags.Max() + 1 : 0;
                    profile.Insert(tag, candidate.Held, candidate.Remaining, sharing: false);
                    residents.Add(candidate);
                    tags.Add(tag);
                }
            }
        }

        Assert.Equal(3, both);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(6)]
    public void IsFeasible_RandomResidents_EqualsAScanOfEveryRound(int seed)
    {
        var random = new Random(seed);
        int both = 0;
        for (int instance = 0; instance < 2_000; instance++)
        {
            (KvProfile profile, List<Resident> residents, int block, long blocks) = Create(random);
            bool expected = IsFeasible(residents, block, blocks);
            Assert.Equal(expected, profile.IsFeasible());
            Assert.Equal(Enumerable.Range(0, 20).Max(t => BlocksAt(residents, t, block)), Math.Max(profile.PeakBlocks(), profile.BlocksAt(0)));
            both |= expected ? 1 : 2;
        }

        Assert.Equal(3, both);
    }

    [Theory]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(9)]
    public void EarliestStart_RandomResidents_IsTheFirstRoundThatFits(int seed)
    {
        var random = new Random(seed);
        int later = 0;
        for (int instance = 0; instance < 1_500; instance++)
        {
            (KvProfile profile, List<Resident> residents, int block, long blocks) = Create(random);
            if (!IsFeasible(residents, block, blocks))
            {
                continue;
            }

            var candidate = new Resident(1 + random.Next(12), 1 + random.Next(12), 0);
            if ((candidate.Held + candidate.Remaining + block - 1) / block > blocks)
            {
                Assert.Equal(long.MaxValue, profile.EarliestStart(candidate.Held, candidate.Remaining));
                continue;
            }

            int start = 0;
            while (!IsFeasible([.. residents, candidate with { Delay = start }], block, blocks))
            {
                start++;
            }

            later += start > 0 ? 1 : 0;
            Assert.Equal(profile.Clock + start, profile.EarliestStart(candidate.Held, candidate.Remaining));
            Assert.True(profile.Fits(candidate.Held, candidate.Remaining, profile.Clock + start));
        }

        Assert.True(later > 100);
    }

    [Fact]
    public void Fits_HeadOfTheLine_MayBecomeTrueWithoutAnyCompletion()
    {
        // At the resident's end it holds 9; a request of (1, 6) that starts now holds 4 by then, one that starts a step later 3.
        var profile = new KvProfile(12, new BlockRounding(1));
        profile.Insert(0, 6, 3, sharing: false);
        Assert.False(profile.Fits(1, 6, profile.Clock));
        Assert.Equal(profile.Clock + 1, profile.EarliestStart(1, 6));
        profile.Step([true]);
        Assert.Equal(2, profile.RemainingAt(0));
        Assert.True(profile.Fits(1, 6, profile.Clock));
    }

    [Theory]
    [InlineData(10)]
    [InlineData(11)]
    public void Step_ThoseWithTheLeastLeftAdvance_KeepsAFeasibleStateFeasible(int seed)
    {
        var random = new Random(seed);
        int tested = 0;
        for (int instance = 0; instance < 4_000; instance++)
        {
            (KvProfile profile, List<Resident> residents, _, _) = Create(random);
            if (residents.Count == 0 || !profile.IsFeasible())
            {
                continue;
            }

            bool[] advanced = new bool[residents.Count];
            foreach (int tag in profile.Tags[..random.Next(residents.Count + 1)])
            {
                advanced[tag] = true;
            }

            profile.Step(advanced);
            Assert.True(profile.IsFeasible());
            tested++;
        }

        Assert.True(tested > 500);
    }

    [Fact]
    public void Step_AnySubsetAdvances_KeepsEverybodysNumbers()
    {
        var random = new Random(12);
        for (int instance = 0; instance < 300; instance++)
        {
            (KvProfile profile, List<Resident> residents, _, _) = Create(random);
            for (int step = 0; step < 5; step++)
            {
                bool[] advanced = new bool[residents.Count];
                for (int i = 0; i < residents.Count; i++)
                {
                    advanced[i] = residents[i].Remaining > 1 && random.Next(2) == 0;
                    residents[i] = advanced[i] ? residents[i] with { Held = residents[i].Held + 1, Remaining = residents[i].Remaining - 1 } : residents[i];
                }

                profile.Step(advanced);
                for (int i = 0; i < residents.Count; i++)
                {
                    int index = profile.IndexOf(i);
                    Assert.Equal((residents[i].Held, residents[i].Remaining), (profile.HeldAt(index), profile.RemainingAt(index)));
                }
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(6)]
    [InlineData(16)]
    public void Blocks_AnyCount_RoundsUp(int block)
    {
        var rounding = new BlockRounding(block);
        for (int tokens = 0; tokens < 70; tokens++)
        {
            Assert.Equal((tokens + block - 1) / block, rounding.Blocks(tokens));
        }
    }

    private static (KvProfile Profile, List<Resident> Residents, int Block, long Blocks) Create(Random random)
    {
        int block = BlockSizes[random.Next(BlockSizes.Length)];
        int count = random.Next(block == 4 ? 14 : 7);
        List<Resident> residents = [];
        for (int i = 0; i < count; i++)
        {
            residents.Add(new Resident(1 + random.Next(12), 1 + random.Next(12), 0));
        }

        long peak = Enumerable.Range(0, 20).Max(t => BlocksAt(residents, t, block));
        long blocks = Math.Max(1, peak + random.Next(-1, 8));
        var profile = new KvProfile(blocks, new BlockRounding(block));
        for (int i = 0; i < random.Next(20); i++)
        {
            profile.Step([]);
        }

        for (int i = 0; i < count; i++)
        {
            profile.Insert(i, residents[i].Held, residents[i].Remaining, sharing: false);
        }

        return (profile, residents, block, blocks);
    }

    private static bool IsFeasible(List<Resident> residents, int block, long blocks) =>
        Enumerable.Range(1, 60).All(t => BlocksAt(residents, t, block) <= blocks);

    private static long BlocksAt(List<Resident> residents, int t, int block) =>
        residents.Where(r => t >= r.Delay + (r.Delay > 0 || t > 0 ? 1 : 0) && t <= r.Delay + r.Remaining).Sum(r => (r.Held + t - r.Delay + block - 1) / block);

    private sealed record Resident(long Held, long Remaining, int Delay);
}
