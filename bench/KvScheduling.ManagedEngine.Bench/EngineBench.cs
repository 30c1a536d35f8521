using System.Diagnostics;

namespace KvScheduling.ManagedEngine.Bench;

/// <summary>Measures one engine through its port: windows after a warm-up, of which the best counts, as it does for <see cref="MachineRoofs"/>.</summary>
internal sealed class EngineBench : IDisposable
{
    private const int DecodeContext = 168;
    private const int DecodeSteps = 64;
    private const int StepsPerWindow = 8;
    private const int LeastRuns = 3;

    private readonly double _seconds;
    private readonly ManagedInferenceEngine _engine;
    private readonly StepEvent[] _events;
    private readonly Random _random = new(1);

    public EngineBench(BenchArguments arguments, WeightFormat format)
    {
        _seconds = arguments.Seconds;
        ManagedEngineOptions options = new()
        {
            KvCapacityTokens = 32 * 1024,
            WeightFormat = format,
            Threads = arguments.Threads,
            MaxVectorBits = arguments.VectorBits,
        };
        _engine = (ManagedInferenceEngine)ManagedEngine.Load(arguments.ModelFolder, options);
        _events = new StepEvent[_engine.Description.MaxSequences];
        FlopsPerToken = 2.0 * _engine.Model.MultiplyAddsPerToken;
        FlopsPerPrefillToken = FlopsPerToken - (2.0 * _engine.Model.Config.HiddenSize * _engine.Model.Config.VocabularySize);
    }

    public long WeightBytes => _engine.Model.WeightBytesPerStep;

    /// <summary>Multiply-adds times two of a generated token.</summary>
    public double FlopsPerToken { get; }

    /// <summary>The same without the output head, which prefill needs for its last token only.</summary>
    public double FlopsPerPrefillToken { get; }

    public double DecodeTokensPerSecond(int requests)
    {
        StepItem[] plan = Enumerable.Range(0, requests).Select(slot => new StepItem(slot, 1)).ToArray();
        return Best(measure =>
        {
            foreach (StepItem item in plan)
            {
                Start(item.Slot, DecodeContext);
                _engine.RunStep([new StepItem(item.Slot, DecodeContext)], _events);
            }

            for (int i = 0; i < DecodeSteps; i += StepsPerWindow)
            {
                long start = Stopwatch.GetTimestamp();
                for (int step = 0; step < StepsPerWindow; step++)
                {
                    _engine.RunStep(plan, _events);
                }

                measure(Stopwatch.GetElapsedTime(start).TotalSeconds, requests * StepsPerWindow);
            }

            foreach (StepItem item in plan)
            {
                _engine.Remove(item.Slot);
            }
        });
    }

    public double PrefillTokensPerSecond(int tokens) => Best(measure =>
    {
        Start(0, tokens);
        long start = Stopwatch.GetTimestamp();
        _engine.RunStep([new StepItem(0, tokens)], _events);
        measure(Stopwatch.GetElapsedTime(start).TotalSeconds, tokens);
        _engine.Remove(0);
    });

    public void Dispose() => _engine.Dispose();

    private void Start(int slot, int tokens)
    {
        int[] prompt = new int[tokens];
        for (int i = 0; i < tokens; i++)
        {
            prompt[i] = _random.Next(_engine.Description.VocabularySize);
        }

        _engine.Start(new SequenceStart { Slot = slot, Prompt = prompt, MaxTotalTokens = tokens + DecodeSteps + 1, Sampling = SamplingSettings.Greedy });
    }

    /// <summary>Repeats a run for the seconds asked for, and returns the best tokens per second that it measured after its first time.</summary>
    private double Best(Action<Action<double, int>> run)
    {
        run((_, _) => { });
        double best = 0;
        double measured = 0;
        for (int runs = 0; measured < _seconds || runs < LeastRuns; runs++)
        {
            run((seconds, tokens) =>
            {
                measured += seconds;
                best = Math.Max(best, tokens / seconds);
            });
        }

        return best;
    }
}
