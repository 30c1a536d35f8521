namespace KvScheduling.OnnxGenAI.Tests;

/// <summary>What other threads do while a native step runs.</summary>
public sealed class ConcurrencyTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>A step leaves the thread's managed state, so that a collection does not wait for it: all other requests' threads would wait too.</summary>
    [NativeTheory]
    [InlineData("paged")]
    [InlineData("flat")]
    public async Task RunStep_DuringANativeCall_LetsCollectionsPass(string form)
    {
        using CancellationTokenSource stop = new(Patience);
        int step = 0;
        int inside = 0;
        Task stepping = Task.Factory.StartNew(
            () =>
            {
                using IInferenceEngine engine = (form == "paged" ? TestModels.Paged : TestModels.Flat).CreateEngine();
                int[] prompt = [.. Enumerable.Range(20, 480)];
                while (!stop.IsCancellationRequested)
                {
                    engine.Start(new SequenceStart { Slot = 0, Prompt = prompt, MaxTotalTokens = 500, Sampling = SamplingSettings.Greedy });
                    Volatile.Write(ref inside, ++step);
                    engine.RunStep([new StepItem(0, prompt.Length)], new StepEvent[1]);
                    Volatile.Write(ref inside, 0);
                    engine.Remove(0);
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);

        bool hasPassed = false;
        while (!hasPassed && !stepping.IsCompleted)
        {
            int before = Volatile.Read(ref inside);
            GC.Collect(0, GCCollectionMode.Forced, blocking: true);
            hasPassed = before != 0 && Volatile.Read(ref inside) == before;
        }

        await stop.CancelAsync();
        await stepping;
        Assert.True(hasPassed, "No collection ended while a step ran.");
    }

    [NativeFact]
    public async Task TextCodec_UsedDuringSteps_GivesWhatItGivesAlone()
    {
        ITextCodec codec = TestModels.Paged.TextCodec!;
        GoldenCase[] cases = [.. GoldenCases.TinyChat.Where(static golden => golden.Messages is not null).Take(12)];
        using CancellationTokenSource stop = new(Patience);
        int[] rounds = new int[2];
        Task[] callers = [.. Enumerable.Range(0, rounds.Length).Select(caller => Task.Factory.StartNew(
            () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    GoldenCase golden = cases[rounds[caller] % cases.Length];
                    Assert.Equal(golden.Prompt, codec.Encode(codec.ApplyChatTemplate(golden.Messages!, golden.Tools, addGenerationPrompt: true)));
                    ITokenDecoder decoder = codec.CreateDecoder();
                    string text = string.Concat(golden.Output.Select(token => decoder.Append(token).ToString())) + decoder.Flush().ToString();
                    Assert.Equal(golden.Text, text);
                    Interlocked.Increment(ref rounds[caller]);
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default))];

        // Of two rounds that end from here on, each caller begins the second while steps run; they run on until it is done.
        int[] before = [.. rounds];
        using (IInferenceEngine engine = TestModels.Paged.CreateEngine())
        {
            do
            {
                Golden.RunAll(new EngineDriver(engine), GoldenCases.Short(24));
            }
            while (!stop.IsCancellationRequested && !Array.Exists(callers, static caller => caller.IsCompleted) && !HaveUsedIt());
        }

        await stop.CancelAsync();
        await Task.WhenAll(callers);
        Assert.True(HaveUsedIt());

        bool HaveUsedIt() => Enumerable.Range(0, rounds.Length).All(caller => Volatile.Read(ref rounds[caller]) >= before[caller] + 2);
    }

    /// <summary>An exception that leaves a managed callback through native frames ends the process, so there are none.</summary>
    [Fact]
    public void NativeMethods_TakeNoCallbacks() =>
        Assert.DoesNotContain(
            typeof(NativeMethods).GetMethods(System.Reflection.BindingFlags.Static | System.Reflection.BindingFlags.Public | System.Reflection.BindingFlags.NonPublic).SelectMany(static method => method.GetParameters()),
            static parameter => parameter.ParameterType.IsFunctionPointer || parameter.ParameterType.IsUnmanagedFunctionPointer || typeof(Delegate).IsAssignableFrom(parameter.ParameterType));
}
