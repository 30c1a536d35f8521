namespace KvScheduling.Samples.BatchScoring.Tests;

public sealed class BatchScorerTests
{
    private static readonly ScoringOptions<DemoRows.Row> Options = new() { Prompt = static row => row.Prompt, MaxOutputTokens = static row => row.MaxTokens };

    [Fact]
    public async Task ScoreAsync_AsRowsFinish_EachRowOnceWithItsOwnCompletion()
    {
        // So many steps are more than the short rows need and fewer than the long one does.
        const int Steps = 60;
        using ManualResetEventSlim allAreInTheLine = new();
        using ManualResetEventSlim shortOnesCame = new();
        bool wasHeld = false;
        await using KvSchedulerHost host = await TinyChat.StartAsync(beforeStep: step =>
        {
            // The engine waits for the rows, and before it can be done with the long one, for whoever reads the short ones.
            if (step == 0)
            {
                HeldEngine.Await(allAreInTheLine);
            }
            else if (step == Steps)
            {
                wasHeld = true;
                HeldEngine.Await(shortOnesCame);
            }
        });
        DemoRows.Row[] rows = [new("Please count from 2 to 40.", 180), new("What is 15 + 62?", 16), new("What is the capital of Greece?", 24)];
        IEnumerable<DemoRows.Row> Submitted()
        {
            foreach (DemoRows.Row row in rows)
            {
                yield return row;
            }

            // A row is asked for when the one before it is in the line.
            allAreInTheLine.Set();
        }

        List<ScoredRow<DemoRows.Row>> scored = [];
        await foreach (ScoredRow<DemoRows.Row> row in new BatchScorer(host.Scheduler).ScoreAsync(Submitted(), Options))
        {
            scored.Add(row);
            if (scored.Count == rows.Length - 1)
            {
                shortOnesCame.Set();
            }
        }

        Assert.Equal([0, 1, 2], scored.Select(static row => row.Index).Order());
        Assert.Equal(0, scored[^1].Index);
        Assert.True(wasHeld, "The long row was to be longer.");
        Assert.All(scored, row => Assert.Same(rows[row.Index], row.Row));
        Assert.Equal("15 + 62 = 77.", scored.Single(static row => row.Index == 1).Completion);
        Assert.Equal("The capital of Greece is Athens.", scored.Single(static row => row.Index == 2).Completion);
    }

    [Fact]
    public async Task ScoreAsync_InInputOrder_RowsComeInOrderAndTheWindowHolds()
    {
        const int Window = 4;
        await using KvSchedulerHost host = await TinyChat.StartAsync();
        IReadOnlyList<DemoRows.Row> rows = DemoRows.Create(20, seed: 3);
        int taken = 0;
        int yielded = 0;
        int most = 0;
        IEnumerable<DemoRows.Row> Counted()
        {
            foreach (DemoRows.Row row in rows)
            {
                most = Math.Max(most, ++taken - Volatile.Read(ref yielded));
                yield return row;
            }
        }

        List<int> order = [];
        await foreach (ScoredRow<DemoRows.Row> scored in new BatchScorer(host.Scheduler)
            .ScoreAsync(Counted(), Options with { InInputOrder = true, Window = Window }))
        {
            Volatile.Write(ref yielded, yielded + 1);
            order.Add(scored.Index);
        }

        Assert.Equal(Enumerable.Range(0, 20), order);

        // The source is asked for one row before it waits for room.
        Assert.InRange(most, 1, Window + 1);
    }

    [Fact]
    public async Task ScoreAsync_RowThatCanNeverFit_FailsAloneWithTheReason()
    {
        await using KvSchedulerHost host = await TinyChat.StartAsync(kvTokens: 256);
        DemoRows.Row[] rows = [new("Hi", 5000), new("What is 15 + 62?", 16)];

        List<ScoredRow<DemoRows.Row>> scored = await CollectAsync(new BatchScorer(host.Scheduler).ScoreAsync(rows, Options));

        Assert.Equal(SchedulingRejection.TooLong, Assert.IsType<SchedulingRejectedException>(scored.Single(static row => row.Index == 0).Error).Reason);
        Assert.Equal("15 + 62 = 77.", scored.Single(static row => row.Index == 1).Completion);
    }

    private static async Task<List<ScoredRow<DemoRows.Row>>> CollectAsync(IAsyncEnumerable<ScoredRow<DemoRows.Row>> rows)
    {
        List<ScoredRow<DemoRows.Row>> all = [];
        await foreach (ScoredRow<DemoRows.Row> row in rows)
        {
            all.Add(row);
        }

        return all;
    }
}
