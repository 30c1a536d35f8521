using FsCheck;
using FsCheck.Fluent;

namespace KvScheduling.Tests;

public sealed class QuantileTunerTests
{
    [Fact]
    public void OnIdle_AlwaysIdle_LowersTheQuantileToItsFloor()
    {
        var tuner = new QuantileTuner(new LengthEstimationOptions { Quantile = 0.4, MinQuantile = 0.1 });
        tuner.OnIdle(0.5);
        Assert.InRange(tuner.Quantile, 0.3, 0.4 - 1e-6);
        for (int i = 0; i < 1000; i++)
        {
            tuner.OnIdle(0.5);
        }

        Assert.Equal(0.1, tuner.Quantile, 9);
    }

    [Fact]
    public void OnEviction_AgainAndAgain_RaisesTheQuantileToItsCeiling()
    {
        var tuner = new QuantileTuner(new LengthEstimationOptions { Quantile = 0.4, MaxQuantile = 0.7 });
        tuner.OnEviction(2);
        Assert.InRange(tuner.Quantile, 0.4 + 1e-6, 0.5);
        for (int i = 0; i < 1000; i++)
        {
            tuner.OnEviction(2);
        }

        Assert.Equal(0.7, tuner.Quantile, 9);
    }

    [Fact]
    public void OnEviction_OneOfManySteps_MovesTheQuantileLittle()
    {
        var tuner = new QuantileTuner(new LengthEstimationOptions { Quantile = 0.4 });
        tuner.OnEviction(10_000);
        Assert.InRange(tuner.Quantile, 0.41, 0.5);
    }

    [Fact]
    public void OnIdle_AsManyStepsAsEvictionsCost_LeavesTheQuantileWhereItWas()
    {
        var tuner = new QuantileTuner(new LengthEstimationOptions { Quantile = 0.4 });
        for (int i = 0; i < 500; i++)
        {
            tuner.OnEviction(3);
            for (int j = 0; j < 12; j++)
            {
                tuner.OnIdle(0.25);
            }
        }

        Assert.Equal(0.4, tuner.Quantile, 6);
    }

    [Fact]
    public void Quantile_WhateverHappens_StaysInItsBounds() => Prop.ForAll(
        Gen.Choose(-10_000, 10_000).ListOf().ToArbitrary(),
        static moves =>
        {
            var options = new LengthEstimationOptions { Quantile = 0.5, MinQuantile = 0.49, MaxQuantile = 0.52 };
            var tuner = new QuantileTuner(options);
            foreach (int move in moves)
            {
                if (move < 0)
                {
                    tuner.OnEviction(move / -100.0);
                }
                else
                {
                    tuner.OnIdle(move / 10_000.0);
                }

                Assert.InRange(tuner.Quantile, options.MinQuantile, options.MaxQuantile);
            }
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Drain_HeadWouldFitNow_IdleKvLowersTheQuantile()
    {
        // Of 100 tokens 60 are held; the head needs 30 now, and 90 by its limit.
        SchedulerHarness harness = Busy(prompt: 60, headPrompt: 30);
        double before = harness.Core.EstimateQuantile;
        harness.Step();
        Assert.Equal(DecisionReason.WaitsForKv, harness.Core.HeadWaitReason);
        Assert.True(harness.Core.EstimateQuantile < before);
    }

    [Fact]
    public void Drain_HeadDoesNotFitNow_LeavesTheQuantile()
    {
        SchedulerHarness harness = Busy(prompt: 60, headPrompt: 39);
        double before = harness.Core.EstimateQuantile;
        harness.Step();
        harness.Step();
        Assert.Equal(DecisionReason.WaitsForKv, harness.Core.HeadWaitReason);
        Assert.Equal(before, harness.Core.EstimateQuantile);
    }

    [Fact]
    public void Drain_NobodyWaits_LeavesTheQuantile()
    {
        var harness = new SchedulerHarness(SchedulerHarness.UnitRounds(100), SchedulerHarness.PureOptions(KvReservation.Predicted));
        harness.Add(10, 20);
        double before = harness.Core.EstimateQuantile;
        harness.Drain();
        Assert.Equal(before, harness.Core.EstimateQuantile);
    }

    private static SchedulerHarness Busy(int prompt, int headPrompt)
    {
        KvSchedulingOptions options = SchedulerHarness.PureOptions(KvReservation.Predicted);
        var harness = new SchedulerHarness(SchedulerHarness.UnitRounds(100), options);
        harness.Add(prompt, 40);
        harness.Add(headPrompt, 60);
        return harness;
    }
}
