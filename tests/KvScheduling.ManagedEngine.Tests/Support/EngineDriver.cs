namespace KvScheduling.ManagedEngine.Tests;

/// <summary>What happens to the sequences while they run.</summary>
internal sealed record DriveOptions
{
    public int Seed { get; init; } = 1;

    /// <summary>Sequences that run at once.</summary>
    public int MaxActive { get; init; } = 64;

    /// <summary>Prompt tokens per step and sequence.</summary>
    public int Chunk { get; init; } = 512;

    /// <summary>How many may arrive in one step; 0 for all.</summary>
    public int Arrivals { get; init; }

    /// <summary>The share of sequence-steps that are held.</summary>
    public double Holds { get; init; }

    /// <summary>The share of sequence-steps after which the sequence is removed, to be resumed later.</summary>
    public double Evictions { get; init; }

    /// <summary>How each case is sampled.</summary>
    public Func<int, SamplingSettings> Sampling { get; init; } = _ => SamplingSettings.Greedy;
}

/// <summary>What came out of one case: tokens, and the fingerprint of the logits behind each.</summary>
internal sealed record Driven(int[] Tokens, ulong[] Fingerprints)
{
    /// <summary>The tokens without the last, which is the one that ended the golden output.</summary>
    public int[] Output => Tokens.SkipLast(1).ToArray();
}

/// <summary>A scheduler of a few lines that treats an engine as roughly as it is told.</summary>
internal sealed class EngineDriver
{
    private readonly ManagedInferenceEngine _engine;
    private readonly DriveOptions _options;
    private readonly Random _random;
    private readonly Queue<Job> _waiting;
    private readonly List<Job> _active = [];
    private readonly Stack<int> _slots;
    private readonly StepEvent[] _events;

    private EngineDriver(ManagedInferenceEngine engine, IReadOnlyList<GoldenCase> cases, DriveOptions options)
    {
        _engine = engine;
        _options = options;
        _random = new Random(options.Seed);
        _waiting = new Queue<Job>(cases.Select((c, i) => new Job(c.Prompt, c.Output.Length + 1, options.Sampling(i))));
        _slots = new Stack<int>(Enumerable.Range(0, engine.Description.MaxSequences).OrderBy(_ => _random.Next()));
        _events = new StepEvent[engine.Description.MaxSequences];
    }

    /// <summary>Runs all cases to one token behind their golden output, and leaves the engine empty.</summary>
    public static Driven[] Run(ManagedInferenceEngine engine, IReadOnlyList<GoldenCase> cases, DriveOptions options)
    {
        EngineDriver driver = new(engine, cases, options);
        Job[] jobs = [.. driver._waiting];
        while (driver._waiting.Count > 0 || driver._active.Count > 0)
        {
            driver.Admit();
            driver.Step();
        }

        return jobs.Select(job => new Driven([.. job.Output], [.. job.Fingerprints])).ToArray();
    }

    private void Admit()
    {
        int arrivals = _options.Arrivals == 0 ? int.MaxValue : _random.Next(_options.Arrivals + 1);
        for (; arrivals > 0 && _waiting.Count > 0 && _active.Count < _options.MaxActive && _slots.Count > 0; arrivals--)
        {
            Job job = _waiting.Dequeue();
            job.Slot = _slots.Pop();
            job.Cached = 0;
            _active.Add(job);
            _engine.Start(new SequenceStart
            {
                Slot = job.Slot,
                Prompt = job.Prompt,
                Output = job.Output.ToArray(),
                MaxTotalTokens = job.Prompt.Length + job.Limit,
                Sampling = job.Sampling,
            });
        }
    }

    private void Step()
    {
        List<StepItem> plan = [];
        int budget = _engine.Description.MaxStepTokens;
        foreach (Job job in _active.OrderBy(_ => _random.Next()))
        {
            int tokens = Math.Min(Math.Min(job.Pending, _options.Chunk), budget);
            if (tokens > 0 && _random.NextDouble() >= _options.Holds)
            {
                plan.Add(new StepItem(job.Slot, tokens));
                budget -= tokens;
            }
        }

        int sampled = 0;
        int count = _engine.RunStep(plan.ToArray(), _events);
        Assert.Equal(plan.Count, count);
        for (int i = 0; i < count; i++)
        {
            StepEvent e = _events[i];
            Assert.Equal((plan[i].Slot, plan[i].Tokens, SequenceStatus.Ok), (e.Slot, e.Computed, e.Status));
            Job job = _active.Single(j => j.Slot == e.Slot);
            job.Cached += e.Computed;
            Assert.Equal(job.Pending == 0, e.Token != StepEvent.NoToken);
            if (e.Token != StepEvent.NoToken)
            {
                job.Fingerprints.Add(ModelRun.Fingerprint(_engine.Model.Logits(sampled++)));
                job.Output.Add(e.Token);
            }

            bool ended = job.Output.Count == job.Limit;
            if (ended || _random.NextDouble() < _options.Evictions)
            {
                _engine.Remove(job.Slot);
                _active.Remove(job);
                _slots.Push(job.Slot);
                if (!ended)
                {
                    _waiting.Enqueue(job);
                }
            }
        }
    }

    private sealed class Job(int[] prompt, int limit, SamplingSettings sampling)
    {
        public int[] Prompt { get; } = prompt;

        public int Limit { get; } = limit;

        public SamplingSettings Sampling { get; } = sampling;

        public List<int> Output { get; } = [];

        public List<ulong> Fingerprints { get; } = [];

        public int Slot { get; set; }

        public int Cached { get; set; }

        public int Pending => Prompt.Length + Output.Count - Cached;
    }
}
