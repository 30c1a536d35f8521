using System.Diagnostics;

namespace KvScheduling.ManagedEngine.Bench;

/// <summary>Measures one engine through its port: medians of windows after a warm-up.</summary>
internal sealed class EngineBench : IDisposable
{
    private const int DecodeContext = 168;
    private const int DecodeSteps = 64;
    private const int LeastWindows = 3;

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
        return Median(() =>
        {
            foreach (StepItem item in plan)
            {
                Start(item.Slot, DecodeContext);
                _engine.RunStep([new StepItem(item.Slot, DecodeContext)], _events);
            }

            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < DecodeSteps; i++)
            {
                _engine.RunStep(plan, _events);
            }

            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            foreach (StepItem item in plan)
            {
                _engine.Remove(item.Slot);
            }

            return (seconds, requests * DecodeSteps);
        });
    }

    public double PrefillTokensPerSecond(int tokens) => Median(() =>
    {
        Start(0, tokens);
        long start = Stopwatch.GetTimestamp();
        _engine.RunStep([new StepItem(0, tokens)], _events);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        _engine.Remove(0);
        return (seconds, tokens);
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

    private double Median(Func<(double Seconds, int Tokens)> window)
    {
        window();
        List<double> rates = [];
        double measured = 0;
        while (measured < _seconds || rates.Count < LeastWindows)
        {
            (double seconds, int tokens) = window();
            measured += seconds;
            rates.Add(tokens / seconds);
        }

        rates.Sort();
        return rates[rates.Count / 2];
    }
}
