namespace KvScheduling.Tests;

public sealed class KvLedgerTests
{
    [Fact]
    public void Ctor_BudgetNotAMultipleOfTheBlock_RoundsDown()
    {
        Assert.Equal(6, new KvLedger(103, 16, lingering: false).BudgetBlocks);
    }

    [Theory]
    [InlineData(96, 0, true)]
    [InlineData(80, 16, true)]
    [InlineData(81, 16, false)]
    [InlineData(96, 1, false)]
    public void CanEverFit_OneRequestAlone_CountsWholeBlocks(int prompt, int output, bool expected)
    {
        Assert.Equal(expected, new KvLedger(103, 16, lingering: false).CanEverFit(prompt, output));
    }

    [Fact]
    public void Fits_ForwardPeakAgainstSumOfPeaks_OnlyTheFirstLetsThemTakeTurns()
    {
        var forward = new KvLedger(10, 1, lingering: false);
        var lingering = new KvLedger(10, 1, lingering: true);
        foreach (KvLedger ledger in new[] { forward, lingering })
        {
            ledger.Add(0, new KvDemand(4, 1));
        }

        // (4, 1) is gone when (1, 5) peaks: at most 5 + 2, then 6. The sum of the peaks is 5 + 6.
        Assert.True(forward.Fits(new KvDemand(1, 5)));
        Assert.False(lingering.Fits(new KvDemand(1, 5)));
        Assert.Equal(lingering.Clock + 1, lingering.EarliestStart(1, 5));
    }

    [Fact]
    public void Add_SharedBlocks_AreChargedOnceUntilTheLastHolderLeaves()
    {
        var ledger = new KvLedger(160, 16, lingering: false);
        ledger.Add(0, new KvDemand(40, 8));
        Assert.Equal(3, ledger.UsedBlocks());
        ledger.Add(1, new KvDemand(50, 20, LiveSharedBlocks: 2, NewlySharedBlocks: 2, Owner: 0));
        Assert.Equal(2, ledger.SharedBlocks);
        Assert.Equal(5, ledger.UsedBlocks());

        // The owner leaves: the blocks stay with the other one.
        ledger.Unshare(1, 2, stillSharing: false);
        ledger.Remove(0);
        Assert.Equal(0, ledger.SharedBlocks);
        Assert.Equal(4, ledger.UsedBlocks());
        Assert.Equal(50, ledger.HeldBy(1));
    }

    [Fact]
    public void Fits_SharedBlocks_LetAStartFitThatWouldNot()
    {
        var ledger = new KvLedger(96, 16, lingering: false);
        ledger.Add(0, new KvDemand(40, 20));
        Assert.False(ledger.Fits(new KvDemand(50, 10)));
        Assert.True(ledger.Fits(new KvDemand(50, 10, LiveSharedBlocks: 2, NewlySharedBlocks: 2, Owner: 0)));
        Assert.Equal(0, ledger.SharedBlocks);
        Assert.Equal(40, ledger.HeldBy(0));
    }

    [Fact]
    public void StaysFeasible_OneStaysBehind_SaysWhetherThePeaksMeet()
    {
        // Together they peak at 5 + 5 after two steps; if the second stays behind, it still grows when the first has its peak later.
        var ledger = new KvLedger(11, 1, lingering: false);
        ledger.Add(0, new KvDemand(1, 6));
        ledger.Add(1, new KvDemand(3, 3));
        Assert.True(ledger.IsFeasible());
        Assert.True(ledger.StaysFeasible([false, true]));
        Assert.True(ledger.StaysFeasible([true, true]));
        Assert.True(ledger.StaysFeasible([true, false]));
        ledger.Step([true, false]);
        Assert.False(ledger.StaysFeasible([true, false]));
        Assert.True(ledger.StaysFeasible([false, true]));
    }
}
