using System.Diagnostics;

namespace KvScheduling.ManagedEngine.Tests;

public sealed class TeamSizerTests
{
    private const double Large = 1e9;

    private static readonly long Millisecond = Stopwatch.Frequency / 1000;

    [Fact]
    public void Choose_TinyWork_GetsOneThread()
    {
        TeamSizer sizer = new(8);
        Assert.Equal(1, sizer.Choose(nanoseconds: 10_000, phases: 50));
        Assert.Equal(8, sizer.Choose(nanoseconds: 1_000_000, phases: 50));
    }

    [Fact]
    public void Choose_TeamOfOne_IsOne() => Assert.Equal(1, new TeamSizer(1).Choose(Large, 10));

    [Fact]
    public void Report_Stall_HalvesTheTeamForAWhile()
    {
        TeamSizer sizer = new(8);
        sizer.Report(threads: 8, Millisecond, Millisecond / 2);
        Assert.Equal(4, sizer.Choose(Large, 10));
        int runs = RunsUntilFull(sizer);
        Assert.InRange(runs, 2, 10);
    }

    [Fact]
    public void Report_StallAgainAndAgain_WaitsLongerEachTime()
    {
        TeamSizer sizer = new(2);
        List<int> waits = [];
        for (int i = 0; i < 6; i++)
        {
            sizer.Report(threads: 2, Millisecond, Millisecond / 2);
            Assert.Equal(1, sizer.Choose(Large, 10));
            waits.Add(RunsUntilFull(sizer));
        }

        Assert.Equal(waits.Order(), waits);
        Assert.True(waits[^1] > 8 * waits[0]);
    }

    [Fact]
    public void Report_ManyHealthyRuns_ForgivesOldStalls()
    {
        TeamSizer sizer = new(2);
        for (int i = 0; i < 6; i++)
        {
            sizer.Report(threads: 2, Millisecond, Millisecond / 2);
            RunsUntilFull(sizer);
        }

        for (int i = 0; i < 20_000; i++)
        {
            sizer.Report(threads: 2, Millisecond, 0);
        }

        sizer.Report(threads: 2, Millisecond, Millisecond / 2);
        Assert.InRange(RunsUntilFull(sizer), 1, 10);
    }

    private static int RunsUntilFull(TeamSizer sizer)
    {
        for (int runs = 0; runs < 100_000; runs++)
        {
            int threads = sizer.Choose(Large, 10);
            if (threads == sizer.Size)
            {
                return runs;
            }

            sizer.Report(threads, Millisecond, 0);
        }

        throw new InvalidOperationException("The team never grew again.");
    }
}
