namespace KvScheduling.OnnxGenAI.Tests;

/// <summary>What ends the native engine, what is kept from it, and how its sequences go on.</summary>
public sealed class EngineFaultTests
{
    [NativeTheory]
    [InlineData("paged")]
    [InlineData("flat")]
    public void Start_WhatTheNativeSideWouldNotSurvive_IsRefusedAndTheEngineIsWell(string form)
    {
        using IInferenceEngine engine = Engine(form);
        AssertRefused(engine, "token 1 of its prompt has the id 1024", [20, 1024, 21]);
        AssertRefused(engine, "token 0 of its prompt has the id -1024", [-1024]);
        AssertRefused(engine, "token 0 of its prompt has the id -5", [-5]);
        AssertRefused(engine, "token 0 of its output has the id 5000", [20], output: [5000]);
        AssertRefused(engine, "its prompt is empty", []);
        AssertRefused(engine, "slot 64 is not in [0, ", [20], slot: 64);
        AssertRefused(engine, "slot -1 is not in [0, ", [20], slot: -1);
        AssertRefused(engine, "limit of 1 tokens must leave room after the 1 it has", [20], limit: 1);
        AssertRefused(engine, "within the context of 4096", [20], limit: 4097);
        AssertRefused(engine, "penalties are not supported", [20], sampling: new SamplingSettings { FrequencyPenalty = 1, Seed = 1 });
        Assert.False(engine.Description.SupportsPenalties);
        Golden.RunAll(new EngineDriver(engine), GoldenCases.Short(6));
    }

    [NativeTheory]
    [InlineData("paged")]
    [InlineData("flat")]
    public void Start_SlotTaken_IsRefusedAndTheSequenceGoesOn(string form)
    {
        using IInferenceEngine engine = Engine(form);
        Start(engine, 3, [20, 21]);
        EngineFaultException error = Assert.Throws<EngineFaultException>(() => Start(engine, 3, [20, 21]));
        Assert.Contains("slot 3 is taken", error.Message, StringComparison.Ordinal);
        StepEvent[] events = new StepEvent[1];
        engine.RunStep([new StepItem(3, 2)], events);
        Assert.NotEqual(StepEvent.NoToken, events[0].Token);
        engine.Remove(3);
        Assert.Throws<ArgumentOutOfRangeException>(() => engine.Remove(3));
    }

    [NativeFact]
    public void RunStep_EngineDiesInTheMiddleOf32Requests_IsFatalAndARebuiltOneGoesOnExactly()
    {
        IReadOnlyList<GoldenCase> cases = GoldenCases.Short(32);
        List<DrivenRequest> requests = [.. cases.Select(DrivenRequest.Of)];
        IInferenceEngine first = TestModels.Paged.CreateEngine();
        EngineDriver driver = new(first) { BeforeStep = step => { if (step == 12) { Poison.Into((PagedEngine)first); } } };
        EngineFaultException error = Assert.Throws<EngineFaultException>(() => driver.Run(requests));
        Assert.True(error.IsFatal);
        Assert.Contains(requests, static request => request is { IsDone: false, Output.Count: > 0 });

        // Whatever is asked of a dead engine fails the same way; taking sequences out and disposing of it do not.
        Assert.Same(error, Assert.Throws<EngineFaultException>(() => Start(first, 63, [20])));
        first.Remove(requests.Find(static request => !request.IsDone)!.Slot);
        first.Dispose();

        using IInferenceEngine second = TestModels.Paged.CreateEngine();
        List<DrivenRequest> rest = requests.FindAll(static request => !request.IsDone);
        new EngineDriver(second).Run(rest);
        for (int i = 0; i < cases.Count; i++)
        {
            Golden.AssertEqual(cases[i], requests[i]);
        }
    }

    [NativeFact]
    public void RunStep_OnAnotherThread_MovesWithoutSequencesAndIsRefusedWithThem()
    {
        using IInferenceEngine engine = TestModels.Paged.CreateEngine();
        OnAnotherThread(() => Golden.RunAll(new EngineDriver(engine), GoldenCases.Short(3)));
        Start(engine, 0, [20, 21]);
        Exception error = Assert.Throws<AggregateException>(() => OnAnotherThread(() => engine.RunStep([new StepItem(0, 2)], new StepEvent[1]))).InnerException!;
        Assert.IsType<InvalidOperationException>(error);
        StepEvent[] events = new StepEvent[1];
        engine.RunStep([new StepItem(0, 2)], events);
        Assert.NotEqual(StepEvent.NoToken, events[0].Token);
    }

    [NativeTheory]
    [InlineData("paged")]
    [InlineData("flat")]
    public void RunStep_PastTheLimit_FailsThatSequenceAlone(string form)
    {
        using IInferenceEngine engine = Engine(form);
        Start(engine, 0, [20, 21], limit: 3);
        Start(engine, 1, [20, 21], limit: 40);
        StepEvent[] events = new StepEvent[2];
        engine.RunStep([new StepItem(0, 2), new StepItem(1, 2)], events);
        engine.RunStep([new StepItem(0, 1), new StepItem(1, 1)], events);
        Assert.Equal((SequenceStatus.Failed, SequenceStatus.Ok), (events[0].Status, events[1].Status));
        Assert.NotEqual(StepEvent.NoToken, events[1].Token);
    }

    [NativeFact]
    public void RunStep_EndTokensIgnored_GoesOnAlikeInBothEngines()
    {
        List<int>[] outputs = new List<int>[2];
        foreach ((int i, string form) in ((string[])["paged", "flat"]).Index())
        {
            using IInferenceEngine engine = Engine(form);
            List<DrivenRequest> requests = [.. GoldenCases.Short(4).Select(static c => new DrivenRequest(c.Id, c.Prompt, c.Output.Length + 40, ignoreEnd: true))];
            EngineDriver driver = null!;
            driver = new EngineDriver(engine)
            {
                BeforeStep = step =>
                {
                    if (step % 9 == 0 && requests.Find(static request => request is { Slot: >= 0, IsDone: false }) is { } victim)
                    {
                        driver.Evict(victim);
                    }
                },
            };
            driver.Run(requests);
            Assert.All(requests, static request => Assert.Equal(request.MaxOutput, request.Output.Count));
            Assert.All(requests, request => Assert.Contains(request.Output, engine.Description.EndTokens.Contains));
            outputs[i] = [.. requests.SelectMany(static request => request.Output)];
        }

        Assert.Equal(outputs[1], outputs[0]);
    }

    private static IInferenceEngine Engine(string form) => (form == "paged" ? TestModels.Paged : TestModels.Flat).CreateEngine();

    private static void Start(IInferenceEngine engine, int slot, int[] prompt, int limit = 30) =>
        engine.Start(new SequenceStart { Slot = slot, Prompt = prompt, MaxTotalTokens = limit, Sampling = SamplingSettings.Greedy });

    private static void AssertRefused(IInferenceEngine engine, string reason, int[] prompt, int[]? output = null, int slot = 0, int limit = 30, SamplingSettings? sampling = null)
    {
        EngineFaultException error = Assert.Throws<EngineFaultException>(() =>
            engine.Start(new SequenceStart { Slot = slot, Prompt = prompt, Output = output, MaxTotalTokens = limit, Sampling = sampling ?? SamplingSettings.Greedy }));
        Assert.False(error.IsFatal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    private static void OnAnotherThread(Action action) => Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Wait();
}
