namespace KvScheduling.Tests;

public sealed class EvictionTests
{
    [Fact]
    public void Drain_HintsTooLow_EvictsTheLowerRankedAndKeepsItsProgress()
    {
        var harness = new SchedulerHarness(SchedulerHarness.UnitRounds(20), SchedulerHarness.PureOptions(KvReservation.Predicted));
        var hints = new SchedulingHints { ExpectedOutputTokens = 3 };
        TestRequest first = harness.Add(new TestRequest(5, 15, hints: hints, id: 1));
        TestRequest second = harness.Add(new TestRequest(5, 15, hints: hints, id: 2));
        harness.Drain();
        Assert.Equal(0, first.Evictions);
        Assert.Equal(1, second.Evictions);
        Assert.Equal(15, (int)first.EndedAt.TotalSeconds);
        Assert.Equal(2, second.Starts);
        Assert.Equal(Enumerable.Range(0, 15).Select(second.TokenAt), second.Tokens);

        // Both held 10 when the next step did not fit: 9 tokens were computed.
        Assert.Equal(9, second.RecomputedTokens);
        Assert.Equal(9, harness.Core.Counters.RecomputedTokens);
        Assert.Equal(1, harness.Core.Counters.Evictions);
        Assert.True(harness.Core.EstimateQuantile > new LengthEstimationOptions().Quantile);
    }

    [Fact]
    public void Drain_GuaranteedBudget_StartsFewerAndEvictsNobody()
    {
        var harness = new SchedulerHarness(SchedulerHarness.UnitRounds(20), SchedulerHarness.PureOptions());
        harness.Add(5, 15);
        harness.Add(5, 15);
        harness.Drain();
        Assert.Equal(0, harness.Core.Counters.Evictions);
        Assert.Equal(0, harness.Core.Counters.RecomputedTokens);
    }

    [Fact]
    public void MakeRoom_TopRankedAsks_EvictsTheOneWithTheFewestComputedTokens()
    {
        var rig = new Rig(budget: 30, block: 1);
        SequenceSlot top = rig.Run(prompt: 8);
        SequenceSlot few = rig.Run(prompt: 4);
        SequenceSlot many = rig.Run(prompt: 9);
        rig.Advance(3);
        Assert.Equal(30, rig.State.Ledger.UsedBlocks());
        Assert.True(rig.MakeRoom());
        Assert.Equal([SlotState.Running, SlotState.Leaving, SlotState.Running], new[] { top, few, many }.Select(slot => slot.State));
    }

    [Fact]
    public void MakeRoom_LowestRankedAsks_NeverEvictsOneRankedAboveIt()
    {
        // Blocks of 4: only the last needs a new one, and the others, though smaller, are ranked above it.
        var rig = new Rig(budget: 20, block: 4);
        SequenceSlot first = rig.Run(prompt: 1);
        SequenceSlot second = rig.Run(prompt: 1);
        SequenceSlot asker = rig.Run(prompt: 10);
        rig.Advance(2);
        Assert.True(rig.MakeRoom());
        Assert.Equal(SlotState.Running, first.State);
        Assert.Equal(SlotState.Running, second.State);
        Assert.Equal(SlotState.Leaving, asker.State);
    }

    [Fact]
    public void MakeRoom_HigherPriority_RanksAboveEarlierArrival()
    {
        var rig = new Rig(budget: 20, block: 1);
        SequenceSlot early = rig.Run(prompt: 9);
        SequenceSlot urgent = rig.Run(prompt: 5, priority: 1);
        rig.Advance(3);
        Assert.True(rig.MakeRoom());
        Assert.Equal(SlotState.Leaving, early.State);
        Assert.Equal(SlotState.Running, urgent.State);
    }

    [Fact]
    public void MakeRoom_OnlyOneThatCameBackWithoutAToken_HoldsTheAskerInstead()
    {
        var rig = new Rig(budget: 20, block: 1);
        SequenceSlot asker = rig.Run(prompt: 7);
        SequenceSlot resumed = rig.Run(prompt: 8, evictions: 1);
        rig.Advance(2, except: resumed);
        rig.Advance(2, except: resumed);
        Assert.True(rig.MakeRoom());
        Assert.Equal(SlotState.Running, resumed.State);
        Assert.True(asker.IsHeld);

        // With its token it may go again.
        rig.Advance(1, except: asker);
        Assert.True(rig.MakeRoom());
        Assert.Equal(SlotState.Leaving, resumed.State);
        Assert.False(asker.IsHeld);
    }

    [Fact]
    public void MakeRoom_EverybodyFits_TouchesNobody()
    {
        var rig = new Rig(budget: 31, block: 1);
        rig.Run(prompt: 8);
        rig.Run(prompt: 9);
        rig.Advance(6);
        Assert.False(rig.MakeRoom());
        Assert.Equal(2, rig.State.Slots.Running.Count);
    }

    [Fact]
    public void MakeRoom_AloneAtTheBudget_EndsWithLength()
    {
        var rig = new Rig(budget: 10, block: 1);
        SequenceSlot alone = rig.Run(prompt: 6);
        var request = (TestRequest)alone.Request!;
        rig.Advance(4);
        Assert.True(rig.MakeRoom());
        Assert.Equal(RequestState.Completed, request.State);
        Assert.Equal(GenerationFinishReason.Length, request.Ending!.Value.FinishReason);
    }

    /// <summary>1 when the one that came back a few steps ago is spared and the larger one goes.</summary>
    internal static int VictimAfterResume(int cooldown)
    {
        var rig = new Rig(budget: 30, block: 1, cooldown);
        rig.Run(prompt: 8);
        SequenceSlot large = rig.Run(prompt: 9);
        SequenceSlot resumed = rig.Run(prompt: 4, evictions: 1);
        rig.Advance(3);
        Assert.True(rig.MakeRoom());
        Assert.NotEqual(large.State, resumed.State);
        return large.State == SlotState.Leaving ? 1 : 0;
    }

    /// <summary>Residents put beside each other by hand.</summary>
    private sealed class Rig
    {
        private readonly EvictionPlanner _planner;
        private readonly StepPlan _plan = new(16);

        public Rig(long budget, int block, int cooldown = 8)
        {
            KvSchedulingOptions options = SchedulerHarness.PureOptions(KvReservation.Predicted);
            options.EvictionCooldownSteps = cooldown;
            State = new SchedulerState(options, SchedulerHarness.UnitRounds(budget, block, 16), () => new FcfsPolicy(), null);
            _planner = new EvictionPlanner(State);
        }

        public SchedulerState State { get; }

        public SequenceSlot Run(int prompt, int priority = 0, int evictions = 0)
        {
            var request = new TestRequest(prompt, 1000, hints: new SchedulingHints { Priority = priority });
            State.Enqueue(request, TimeSpan.Zero);
            request.Evictions = evictions;
            return State.Start(request, PrefixMatch.None, 1000, DecisionReason.StartedAsHead, _plan, TimeSpan.Zero);
        }

        /// <summary>Everybody but one gets tokens.</summary>
        public void Advance(int steps, SequenceSlot? except = null)
        {
            for (int i = 0; i < steps; i++)
            {
                bool[] advanced = new bool[State.Slots.Capacity];
                foreach (SequenceSlot slot in State.Slots.Running)
                {
                    if (slot != except)
                    {
                        advanced[slot.Id] = true;
                        slot.Computed = slot.HeldTokens;
                        slot.Request!.GeneratedTokens++;
                        slot.AwaitsRoom = true;
                    }
                }

                State.Ledger.Step(advanced);
                State.Counters.Steps++;
            }
        }

        public bool MakeRoom() => _planner.MakeRoom(TimeSpan.Zero);
    }
}
