namespace KvScheduling.Tests;

/// <summary>The published and recomputed numbers of the fluid model, the thresholds and the buffers.</summary>
public sealed class FluidVectorTests
{
    private const double AnyBudget = 1e12;

    private static readonly FluidCost General = new(8.908e-3, 56.30e-6, 68.29e-6, .2667e-6);

    [Fact]
    public void Solve_OneType_GivesTheEquilibrium()
    {
        FluidEquilibrium fluid = FluidEquilibrium.Solve([FluidType.Of(4, 1, 1)], FluidCost.PerKvToken(.4, .05), 12);
        Assert.Equal(1, fluid.IterationSeconds, 12);
        Assert.Equal(4, Assert.Single(fluid.RequestsPerStage), 12);
        Assert.Equal(12, fluid.KvTokens, 12);
        Assert.Equal(4, fluid.TokensPerSecond, 12);
        Assert.Equal(.6, fluid.Load, 12);
    }

    [Fact]
    public void Solve_TwoTypes_GivesTheEquilibrium()
    {
        FluidEquilibrium fluid = FluidEquilibrium.Solve([FluidType.Of(1, 1, 1), FluidType.Of(1, 1, 2)], FluidCost.PerKvToken(.1, .1), 9);
        Assert.Equal(1, fluid.IterationSeconds, 12);
        Assert.Equal([1.0, 1.0], fluid.RequestsPerStage.Select(n => Math.Round(n, 12)));
        Assert.Equal(9, fluid.KvTokens, 12);
        Assert.Equal(3, fluid.TokensPerSecond, 12);
        Assert.True(fluid.IsStable);
    }

    [Theory]
    [InlineData(50, 34377)]
    [InlineData(60, 55758)]
    [InlineData(70, 100327)]
    [InlineData(80, 250509)]
    public void Solve_PublishedChatLoad_HoldsThePublishedKv(double rate, double expected)
    {
        FluidEquilibrium fluid = FluidEquilibrium.Solve([Chat(rate)], PublishedCost, 137_000);
        Assert.Equal(expected, fluid.KvTokens, 0);
        Assert.Equal(expected <= 137_000, fluid.IsStable);
    }

    [Fact]
    public void Solve_PublishedChatLoad_HasThePublishedLimits()
    {
        FluidEquilibrium fluid = FluidEquilibrium.Solve([Chat(1)], PublishedCost, 137_000);
        Assert.Equal(74.138, fluid.StableRateScale, 3);
        Assert.Equal(88.440, fluid.CriticalRateScale, 3);
    }

    [Fact]
    public void Solve_TwoLongPromptTypes_GivesFractionsOfRequestsPerStage()
    {
        FluidEquilibrium fluid = FluidEquilibrium.Solve([FluidType.Of(14, 512, 20), FluidType.Of(6, 512, 50)], FluidCost.PerKvToken(10e-3, .33e-6), AnyBudget);
        Assert.Equal(.33e-6 * 317_790, fluid.Load, 12);
        Assert.Equal(11.17e-3, fluid.IterationSeconds, 5);
        Assert.Equal(.1564, fluid.RequestsPerStage[0], 4);
        Assert.Equal(.0670, fluid.RequestsPerStage[1], 4);
        Assert.Equal(3550.2, fluid.KvTokens, 1);
        Assert.Equal(580, fluid.TokensPerSecond, 9);
    }

    [Theory]
    [InlineData(20, 32.98e-3, 30.3, 29.7, 1)]
    [InlineData(1000, .367, 2.72, 2.31, 2)]
    public void Solve_GeneralCost_PricesPrefillAndDecode(int decodes, double seconds, double critical, double stable, int digits)
    {
        var work = FluidWork.Of(512, decodes);
        FluidEquilibrium fluid = FluidEquilibrium.Solve([new FluidType(1, work)], General, 137_000);
        Assert.Equal(seconds, fluid.Load, digits == 1 ? 5 : 3);
        Assert.Equal(critical, fluid.CriticalRateScale, digits);
        Assert.Equal(stable, fluid.StableRateScale, digits);
    }

    [Theory]
    [InlineData(8.908, 68.29, .2667, 20.9, 48, 44)]
    [InlineData(9.148, 58.59, .2666, 19.4, 51.5, 47)]
    public void Solve_GeneralCostOfAChatDistribution_TakesItsMoments(double d0, double perRow, double perKv, double milliseconds, double critical, double stable)
    {
        var work = new FluidWork(58.4702, 147.3264, 28113.49);
        Assert.Equal(28171.96, work.KvTokens, 2);
        var cost = new FluidCost(d0 * 1e-3, 56.30e-6, perRow * 1e-6, perKv * 1e-6);
        FluidEquilibrium fluid = FluidEquilibrium.Solve([new FluidType(1, work)], cost, 137_000);
        Assert.Equal(milliseconds, fluid.Load * 1e3, 1);
        Assert.Equal(critical, fluid.CriticalRateScale, .5);
        Assert.Equal(stable, fluid.StableRateScale, .5);
    }

    [Fact]
    public void Solve_ComputeOverloaded_HasNoEquilibrium()
    {
        FluidEquilibrium fluid = FluidEquilibrium.Solve([FluidType.Of(7, 1, 1)], FluidCost.PerKvToken(.4, .05), 12);
        Assert.False(fluid.Exists);
        Assert.False(fluid.IsStable);
        Assert.True(double.IsNaN(fluid.IterationSeconds));
        Assert.Empty(fluid.RequestsPerStage);
        Assert.Equal(1 / 1.05, fluid.CriticalRateScale, 12);
    }

    [Fact]
    public void Select_OneType_MeetsTheBudgetExactly()
    {
        WaitThresholds selected = WaitThresholds.Select([FluidType.Of(4, 1, 1)], FluidCost.PerKvToken(.4, .05), 12, 0);
        Assert.True(selected.IsFeasible);
        Assert.Equal([4], selected.Thresholds);
        Assert.Equal(12, selected.KvTokens);
    }

    [Fact]
    public void Select_TwoTypes_OneEach() =>
        Assert.Equal([1, 1], WaitThresholds.Select([FluidType.Of(1, 1, 1), FluidType.Of(1, 1, 2)], FluidCost.PerKvToken(.1, .1), 9, 0).Thresholds);

    [Fact]
    public void Select_WithSlack_RoundsUp()
    {
        FluidType[] types = [FluidType.Of(30, 59, 100), FluidType.Of(10, 59, 300)];
        WaitThresholds selected = WaitThresholds.Select(types, FluidCost.PerKvToken(10.2e-3, .39e-6), AnyBudget, .1);
        Assert.Equal([2, 1], selected.Thresholds);
        Assert.Equal(84927, selected.KvTokens);
        Assert.Equal(43.32e-3, selected.IterationSeconds, 5);
        Assert.True(selected.IterationSeconds <= 66.67e-3);
        Assert.True(selected.IsFeasible);
    }

    [Fact]
    public void Select_BudgetTooSmall_SaysSoAndSharesItByRate()
    {
        FluidType[] types = [FluidType.Of(30, 59, 100), FluidType.Of(10, 59, 300)];
        WaitThresholds selected = WaitThresholds.Select(types, FluidCost.PerKvToken(10.2e-3, .39e-6), 80_000, .1);
        Assert.False(selected.IsFeasible);
        Assert.Equal([2, 1], selected.Thresholds);
    }

    [Fact]
    public void Check_SlowIteration_IsNotFeasible()
    {
        FluidType[] types = [FluidType.Of(4, 1, 1)];
        Assert.True(WaitThresholds.Check(types, FluidCost.PerKvToken(.4, .05), 100, [5]).IsFeasible);
        Assert.False(WaitThresholds.Check(types, FluidCost.PerKvToken(.4, .05), 100, [3]).IsFeasible);
        Assert.False(WaitThresholds.Check(types, FluidCost.PerKvToken(.4, .05), 14, [5]).IsFeasible);
    }

    [Theory]
    [InlineData(10, 4, .3, .871061, .8)]
    [InlineData(10, 5, .3, 1.694596, 1.6)]
    [InlineData(10, 8, .3, 5.990762, 4)]
    [InlineData(66, 48, 43.0 / 66, .730401, .606061)]
    [InlineData(20, 7, .3, .451427, .4)]
    public void Solve_Decay_FindsTheRootAboveItsBound(double earlier, double threshold, double continues, double expected, double bound)
    {
        double theta = DecaySolver.Solve(earlier, threshold, continues);
        Assert.Equal(expected, theta, 6);
        Assert.Equal(bound, 8 * (threshold - (earlier * continues)) / earlier, 6);
        Assert.True(theta > bound);
        Assert.Equal(0, (earlier * Math.Log(1 - continues + (continues * Math.Exp(theta)))) - (theta * threshold), 9);
    }

    [Fact]
    public void Solve_DecayOfATinyTail_DoesNotOverflow()
    {
        double theta = DecaySolver.Solve(10, 9.99, 1e-6);
        Assert.True(double.IsFinite(theta) && theta > 30);
    }

    [Fact]
    public void Compute_ThreeSegments_GivesTheRequiredKv()
    {
        NestedWaitThresholds nested = NestedWaitThresholds.Compute(59, [100, 200, 500], [4.0, 3, 2], [.55, .45], 10.2e-3, 200, 1e-3);
        Assert.Equal(352_586, nested.BaseKvTokens);
        Assert.Equal(1.9515, nested.Theta[0], 4);
        Assert.Equal(1.8847, nested.Theta[1], 4);
        Assert.Equal(17.8901, (nested.BoundaryRequests[0] - 3) * nested.Theta[0], 4);
        Assert.Equal(12.17, nested.BoundaryRequests[0], 2);
        Assert.Equal(11.49, nested.BoundaryRequests[1], 2);
        Assert.Equal(357_497, nested.RequiredKvTokens, 0);
        Assert.True(nested.Drains);
    }

    [Fact]
    public void Compute_ThresholdsThatDoNotFall_NeedNoRoot()
    {
        NestedWaitThresholds nested = NestedWaitThresholds.Compute(10, [10, 20, 30], [2.0, 2, 1], [.5, .6], .01, 100, .01);
        Assert.True(double.IsPositiveInfinity(nested.Theta[0]));
        Assert.Equal(4, nested.BoundaryRequests[0]);
        Assert.True(double.IsNaN(nested.Theta[1]));
        Assert.False(nested.Drains);
        Assert.True(double.IsPositiveInfinity(nested.RequiredKvTokens));
    }

    [Theory]
    [InlineData(new[] { 5, 5 }, 2, 1, "Boundaries must rise")]
    [InlineData(new[] { 0, 5 }, 2, 1, "decode 1 or later")]
    [InlineData(new[] { 3, 5 }, 1, 1, "need 2 thresholds and 1 shares")]
    public void Compute_SegmentsThatDoNotBelongTogether_SaysWhat(int[] boundaries, int thresholds, int continues, string message)
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => NestedWaitThresholds.Compute(
            10, boundaries, [.. Enumerable.Repeat(2.0, thresholds)], [.. Enumerable.Repeat(.5, continues)], .01, 100, .01));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Split_TwoSegments_SplitsThePublishedCap()
    {
        SegmentCaps caps = SegmentCaps.Split(30, [20, 30], [.7, .3], 0);
        Assert.Equal(1.0345, caps.PerStage[0], 4);
        Assert.Equal(.3103, caps.PerStage[1], 4);
        Assert.Equal([21, 9], caps.Caps);
    }

    [Fact]
    public void Split_TenSegmentsWithMargin_SplitsThePublishedCap()
    {
        SegmentCaps caps = SegmentCaps.Split(100, Enumerable.Repeat(50, 10).ToArray(), [23, 11, 8, 7, 6, 4, 3, 2, 1, 1], .05);
        Assert.Equal([28, 19, 15, 12, 9, 6, 4, 3, 2, 1], caps.Caps);
        Assert.Equal(99, caps.Caps.Sum());
    }

    [Fact]
    public void EqualKv_UniformLengths_CutsEqualMass()
    {
        int[] lengths = [.. Enumerable.Range(1, 400)];
        IReadOnlyList<DecodeSegment> segments = SegmentDesign.EqualKv(lengths, 50, 4);
        Assert.Equal(4, segments.Count);
        Assert.Equal(400, segments[^1].EndDecode);
        Assert.Equal(1, segments[0].ContinueShare);
        double[] mass = new double[4];
        foreach (int length in lengths)
        {
            for (int s = 0; s <= length; s++)
            {
                mass[segments.TakeWhile(segment => segment.EndDecode < s).Count()] += 50 + s;
            }
        }

        Assert.All(mass, part => Assert.InRange(part / mass.Sum(), .24, .26));
        Assert.Equal((400.0 - segments[0].EndDecode) / 400, segments[1].ContinueShare, 12);
        Assert.Equal((400.0 - segments[1].EndDecode) / (400 - segments[0].EndDecode), segments[2].ContinueShare, 12);
    }

    [Fact]
    public void EqualKv_OneLength_HasNoMoreSegmentsThanStages() =>
        Assert.Equal([1, 2], SegmentDesign.EqualKv([2, 2, 2], 0, 5).Select(segment => segment.EndDecode));

    private static FluidCost PublishedCost => FluidCost.PerKvToken(.0102484864, 3.87768203e-7);

    private static FluidType Chat(double rate) => new(rate, new FluidWork(0, 0, 29159.3566));
}
