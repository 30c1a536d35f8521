namespace KvScheduling.Conformance;

/// <summary>Drives an engine by hand, and checks every event against what was planned.</summary>
public sealed class EngineDriver : IDisposable
{
    private readonly StepEvent[] _events;
    private readonly List<(SequenceRun Run, int Tokens)> _next = [];

    /// <summary>Takes an engine over; it is disposed with the driver.</summary>
    public EngineDriver(IInferenceEngine engine)
    {
        Engine = engine;
        _events = new StepEvent[engine.Description.MaxSequences];
    }

    /// <summary>The engine.</summary>
    public IInferenceEngine Engine { get; }

    private EngineDescription Description => Engine.Description;

    /// <summary>Starts a case, from its beginning or with the output so far.</summary>
    public SequenceRun Start(ConformanceCase test, int slot, ReadOnlySpan<int> output = default, int sharedTokens = 0, int sharedFromSlot = 0)
    {
        Engine.Start(new SequenceStart
        {
            Slot = slot,
            Prompt = test.Prompt,
            Output = output,
            MaxTotalTokens = test.Prompt.Length + test.MaxOutputTokens,
            Sampling = test.Sampling,
            SharedTokens = sharedTokens,
            SharedFromSlot = sharedFromSlot,
        });
        return new SequenceRun(test, slot, output, sharedTokens);
    }

    /// <summary>Frees the sequence's slot.</summary>
    public void Remove(SequenceRun run)
    {
        ArgumentNullException.ThrowIfNull(run);
        Engine.Remove(run.Slot);
        run.IsRemoved = true;
    }

    /// <summary>Runs one step.</summary>
    public void Step(params IReadOnlyList<(SequenceRun Run, int Tokens)> plan)
    {
        StepItem[] items = [.. plan.Select(static item => new StepItem(item.Run.Slot, item.Tokens))];
        int count = Engine.RunStep(items, _events);
        Assert.InRange(count, 0, items.Length);
        Assert.Equal(count, _events.Take(count).Select(static e => e.Slot).Distinct().Count());
        for (int i = 0; i < count; i++)
        {
            StepEvent e = _events[i];
            (SequenceRun run, int tokens) = Assert.Single(plan, item => item.Run.Slot == e.Slot);
            Take(run, tokens, e);
        }
    }

    /// <summary>Runs one step in which every sequence that is not done advances, prompts in chunks as large as the step has room for.</summary>
    public void StepAll(IEnumerable<SequenceRun> runs)
    {
        _next.Clear();
        int room = Description.MaxStepTokens;
        foreach (SequenceRun run in runs)
        {
            int tokens = run.IsDone ? 0 : Math.Min(run.PendingTokens, room);
            if (tokens > 0 && (tokens == run.PendingTokens || Description.SupportsChunkedPrefill))
            {
                _next.Add((run, tokens));
                room -= tokens;
            }
        }

        Step([.. _next]);
    }

    /// <summary>Runs sequences to their ends, all of them in every step; those that are done are removed at once.</summary>
    public void Finish(params IReadOnlyList<SequenceRun> runs)
    {
        List<SequenceRun> active = [.. runs];
        int steps = 0;
        while (active.Count > 0)
        {
            RemoveDone(active);
            if (active.Count > 0)
            {
                StepAll(active);
            }

            Assert.True(++steps < 100_000, "The sequences do not come to an end.");
        }
    }

    /// <summary>Removes those that are done.</summary>
    public void RemoveDone(List<SequenceRun> runs)
    {
        foreach (SequenceRun run in runs.Where(static run => run.IsDone))
        {
            Remove(run);
        }

        runs.RemoveAll(static run => run.IsDone);
    }

    /// <summary>Runs a case alone.</summary>
    public int[] Solo(ConformanceCase test)
    {
        SequenceRun run = Start(test, slot: 0);
        Finish(run);
        return [.. run.Output];
    }

    /// <inheritdoc/>
    public void Dispose() => Engine.Dispose();

    private void Take(SequenceRun run, int planned, StepEvent e)
    {
        run.WasRefused = e.Status == SequenceStatus.OutOfCapacity;
        if (run.WasRefused)
        {
            Assert.Equal(0, e.Computed);
            Assert.Equal(StepEvent.NoToken, e.Token);
            return;
        }

        Assert.Equal(SequenceStatus.Ok, e.Status);
        Assert.InRange(e.Computed, 0, planned);
        run.CachedTokens += e.Computed;
        if (run.PendingTokens > 0)
        {
            Assert.Equal(StepEvent.NoToken, e.Token);
            return;
        }

        Assert.InRange(e.Token, 0, Description.VocabularySize - 1);
        if (Description.EndTokens.Contains(e.Token))
        {
            run.IsDone = true;
            return;
        }

        run.Output.Add(e.Token);
        run.IsDone = run.Output.Count == run.Case.MaxOutputTokens;
    }
}
