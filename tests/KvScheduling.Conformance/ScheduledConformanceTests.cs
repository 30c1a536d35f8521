namespace KvScheduling.Conformance;

/// <summary>
/// What every engine must give through the scheduler: whatever the line, the batch, evictions and faults do to a request, its tokens are those of its solo
/// run.
/// </summary>
public abstract class ScheduledConformanceTests : ConformanceTestBase
{
    /// <summary>Creates the suite for an engine.</summary>
    protected ScheduledConformanceTests(IEngineUnderTest target)
        : base(target)
    {
    }

    [Fact]
    public async Task Submit_AllCasesAtOnce_EqualSolo()
    {
        await using ScheduledEngines engines = await StartAsync();
        Generation[] generations = [.. Target.Cases.Select(test => engines.Submit(test))];
        await AssertSoloAsync(Target.Cases, generations);
        SchedulerSnapshot after = await Patient.SettledAsync(engines.Scheduler, Target.Cases.Count);
        Assert.Equal((Target.Cases.Count, 0L), (after.CompletedRequests, after.KvUsedTokens));
    }

    [Theory]
    [InlineData(SchedulingPolicies.Fcfs)]
    [InlineData(SchedulingPolicies.ShortestOutputFirst)]
    [InlineData(SchedulingPolicies.SmallestPeakFirst)]
    [InlineData(SchedulingPolicies.SmallestVolumeFirst)]
    [InlineData(SchedulingPolicies.SortedF)]
    [InlineData(SchedulingPolicies.EarliestDeadline)]
    [InlineData(SchedulingPolicies.Adaptive)]
    [InlineData(SchedulingPolicies.Wait)]
    [InlineData(SchedulingPolicies.NestedWait)]
    public async Task Submit_UnderEveryPolicy_EqualsSolo(string policy)
    {
        await using ScheduledEngines engines = await StartAsync(o =>
        {
            o.Policy = policy;
            o.MaxRunningRequests = 4;
        });
        Generation[] generations = [.. Quick.Select(test => engines.Submit(test))];
        await AssertSoloAsync(Quick, generations);
    }

    [Fact]
    public async Task Submit_StaggeredArrivals_EqualSolo()
    {
        await using ScheduledEngines engines = await StartAsync();
        List<(ConformanceCase Test, Generation Generation)> all = [];
        foreach (ConformanceCase test in Quick)
        {
            Generation generation = engines.Submit(test);
            all.Add((test, generation));

            // The next one arrives when this one has begun to generate.
            await generation.WaitToReadAsync();
        }

        await AssertSoloAsync([.. all.Select(static item => item.Test)], [.. all.Select(static item => item.Generation)]);
    }

    [Fact]
    public async Task Submit_SmallStepsAndChunks_EqualSolo()
    {
        await using ScheduledEngines engines = await StartAsync(o =>
        {
            o.MaxStepTokens = 24;
            o.PrefillChunkTokens = 16;
            o.MaxPartialPrefills = 3;
        });
        if (!engines.Scheduler.Engine.SupportsChunkedPrefill)
        {
            return;
        }

        Generation[] generations = [.. Quick.Select(test => engines.Submit(test))];
        await AssertSoloAsync(Quick, generations);
    }

    [Fact]
    public async Task Cancel_OthersAtAnyTime_ChangesNothing()
    {
        await using ScheduledEngines engines = await StartAsync(o => o.MaxRunningRequests = 6);
        Random random = new(5);
        List<(ConformanceCase Test, Generation Generation)> kept = [];
        List<Generation> cancelled = [];
        for (int round = 0; round < 3; round++)
        {
            foreach (ConformanceCase test in Quick)
            {
                Generation generation = engines.Submit(test);
                if (random.Next(2) == 0)
                {
                    kept.Add((test, generation));
                    continue;
                }

                cancelled.Add(generation);
                if (random.Next(2) == 0)
                {
                    await generation.WaitToReadAsync();
                }

                generation.Cancel();
            }
        }

        await AssertSoloAsync([.. kept.Select(static item => item.Test)], [.. kept.Select(static item => item.Generation)]);
        foreach (Generation generation in cancelled)
        {
            // One that had ended before its cancellation is complete.
            Exception? end = await Record.ExceptionAsync(generation.CompleteAsync);
            Assert.True(end is null or OperationCanceledException, $"{end}");
        }

        Assert.Equal(0, (await Patient.SettledAsync(engines.Scheduler, kept.Count + cancelled.Count)).KvUsedTokens);
    }

    [Theory]
    [InlineData(KvReservation.Predicted)]
    [InlineData(KvReservation.Guaranteed)]
    public async Task Submit_TightPool_EqualsSolo(KvReservation reservation)
    {
        ConformanceCase[] tests = [.. Quick.Concat(Quick)];
        int block = BlockTokens();
        int widest = tests.Max(test => Blocks(test.Prompt.Length + test.MaxOutputTokens, block));
        await using ScheduledEngines engines = await StartAsync(
            o =>
            {
                o.Reservation = reservation;
                o.MaxParkedSequences = 0;
            },
            new EngineSize { KvCapacityTokens = 2L * widest * block },
            isHeld: true);
        if (reservation == KvReservation.Predicted && !engines.Scheduler.Engine.SupportsExactResume)
        {
            return;
        }

        // Every caller expects one token, so that far too many are admitted.
        SchedulingHints hints = new() { ExpectedOutputTokens = 1 };
        Generation[] generations = [.. tests.Select(test => engines.Submit(test, hints))];
        engines.Release();
        await AssertSoloAsync(tests, generations);
        long evictions = (await Patient.SettledAsync(engines.Scheduler, tests.Length)).Evictions;
        if (reservation == KvReservation.Guaranteed)
        {
            Assert.Equal(0, evictions);
        }
        else
        {
            Assert.NotEqual(0, evictions);
            Assert.Equal(evictions, generations.Sum(static generation => generation.Result.Report.Evictions));
        }

        int BlockTokens()
        {
            using EngineDriver probe = CreateDriver();
            return probe.Engine.Description.BlockTokens;
        }
    }

    [Fact]
    public async Task Steps_ThatFail_ChangeNothing()
    {
        StepFaults faults = new() { BeforeStep = [2, 11, 40], AfterStep = [5, 17, 31] };
        await using ScheduledEngines engines = await StartAsync(o => o.MaxStepRetries = 6, faults: faults);
        if (!engines.Scheduler.Engine.SupportsExactResume)
        {
            return;
        }

        Generation[] generations = [.. Quick.Select(test => engines.Submit(test))];
        await AssertSoloAsync(Quick, generations);
        Assert.True(faults.Steps > 40);
    }

    [Fact]
    public async Task Engine_LostTwice_IsBuiltAgainAndChangesNothing()
    {
        StepFaults faults = new() { Fatal = [4, 15] };
        await using ScheduledEngines engines = await StartAsync(faults: faults);
        if (!engines.Scheduler.Engine.SupportsExactResume)
        {
            return;
        }

        Generation[] generations = [.. Quick.Select(test => engines.Submit(test))];
        await AssertSoloAsync(Quick, generations);
        Assert.Equal(3, engines.Built);
    }

    [Fact]
    public async Task Stream_TokenByToken_EqualsResult()
    {
        await using ScheduledEngines engines = await StartAsync();
        foreach (ConformanceCase test in Quick.Take(4))
        {
            List<int> streamed = [];
            Generation generation = engines.Submit(test);
            await foreach (GeneratedToken token in generation)
            {
                Assert.Equal(streamed.Count, token.Index);
                streamed.Add(token.TokenId);
            }

            AssertOutput(test, [.. streamed]);
            AssertOutput(test, generation.Result.OutputTokens.ToArray());
            Assert.Equal(streamed.Count < test.MaxOutputTokens ? GenerationFinishReason.Stop : GenerationFinishReason.Length, generation.Result.FinishReason);
        }
    }

    [Fact]
    public async Task Seeds_Sampled_EqualSolo()
    {
        await using ScheduledEngines engines = await StartAsync();
        ConformanceCase[] tests = [.. Quick.Take(6).Select((test, i) => Sampled(test, 100 + i))];
        Generation[] generations = [.. tests.Select(test => engines.Submit(test))];
        await AssertSoloAsync(tests, generations);
    }

    [Fact]
    public async Task Prefix_SharedByConversations_EqualsSolo()
    {
        await using ScheduledEngines engines = await StartAsync();
        ConformanceCase first = LongPrompt;
        GenerationResult before = await engines.Submit(first).CompleteAsync();
        AssertOutput(first, before.OutputTokens.ToArray());
        ConformanceCase[] turns =
        [
            .. Quick.Take(4).Select(next => new ConformanceCase(
                $"{first.Name} then {next.Name}", [.. first.Prompt, .. before.OutputTokens.Span, .. next.Prompt], next.MaxOutputTokens)),
        ];
        Generation[] generations = [.. turns.Select(test => engines.Submit(test))];
        await AssertSoloAsync(turns, generations);
        if (engines.Scheduler.Engine.PrefixReuse == PrefixReuse.Share)
        {
            Assert.Contains(generations, static generation => generation.Result.Report.CachedTokens > 0);
        }

        Generation alone = engines.Submit(turns[0], new SchedulingHints { PrefixScope = PrefixScope.None });
        Assert.Equal(0, (await alone.CompleteAsync()).Report.CachedTokens);
        AssertOutput(turns[0], alone.Result.OutputTokens.ToArray());
    }

    [Fact]
    public async Task Drain_Backlog_EqualsSolo()
    {
        await using ScheduledEngines engines = await StartAsync(o => o.MaxQueuedRequests = 4);
        int seen = 0;
        await foreach (BacklogResult result in engines.Scheduler.DrainAsync(Requests(), cancellationToken: CancellationToken.None))
        {
            Assert.Null(result.Error);
            AssertOutput(Quick[result.Index], result.Result!.OutputTokens.ToArray());
            seen++;
        }

        Assert.Equal(Quick.Count, seen);

        async IAsyncEnumerable<GenerationRequest> Requests()
        {
            foreach (ConformanceCase test in Quick)
            {
                await Task.Yield();
                yield return ScheduledEngines.Request(test);
            }
        }
    }

    private static int Blocks(int tokens, int block) => (tokens + block - 1) / block;

    private async Task AssertSoloAsync(IReadOnlyList<ConformanceCase> tests, IReadOnlyList<Generation> generations)
    {
        for (int i = 0; i < tests.Count; i++)
        {
            GenerationResult result = await generations[i].CompleteAsync();
            AssertOutput(tests[i], result.OutputTokens.ToArray());
        }
    }

    private Task<ScheduledEngines> StartAsync(Action<KvSchedulingOptions>? configure = null, EngineSize? size = null, StepFaults? faults = null, bool isHeld = false) =>
        ScheduledEngines.StartAsync(Target, configure, size ?? new EngineSize(), faults, isHeld);
}
