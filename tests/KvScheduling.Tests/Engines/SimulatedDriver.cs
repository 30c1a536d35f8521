namespace KvScheduling.Tests;

/// <summary>Drives a simulated engine by hand.</summary>
internal sealed class SimulatedDriver : IDisposable
{
    private readonly StepEvent[] _events = new StepEvent[64];

    public SimulatedDriver(Action<SimulatedEngineOptions>? configure = null)
    {
        SimulatedEngineOptions options = new()
        {
            KvCapacityTokens = 1024,
            BlockTokens = 16,
            MaxSequences = 8,
            MaxContextTokens = 512,
            MaxStepTokens = 512,
            TypicalOutputTokens = 20,
            TimeProvider = Time,
            CostModel = UnitCostModel.Rounds,
            ThrowWhenOverCapacity = false,
        };
        configure?.Invoke(options);
        Engine = new SimulatedEngine(options);
    }

    public VirtualTimeProvider Time { get; } = new();

    public SimulatedEngine Engine { get; }

    public static int[] Prompt(int length, int salt = 0) => [.. Enumerable.Range(0, length).Select(i => ((i * 31) + (salt * 7)) % 256)];

    public void Start(int slot, int[] prompt, int[]? output = null, int maxTotal = 512, SamplingSettings? sampling = null, int shared = 0, int from = 0) =>
        Engine.Start(new SequenceStart
        {
            Slot = slot,
            Prompt = prompt,
            Output = output ?? [],
            MaxTotalTokens = maxTotal,
            Sampling = sampling ?? SamplingSettings.Greedy,
            SharedTokens = shared,
            SharedFromSlot = from,
        });

    public StepEvent[] Step(params StepItem[] plan)
    {
        int count = Engine.RunStep(plan, _events);
        return _events[..count];
    }

    /// <summary>Computes a prompt and generates until the end token, alone.</summary>
    public List<int> Generate(int slot, int[] prompt, SamplingSettings? sampling = null)
    {
        Start(slot, prompt, sampling: sampling);
        List<int> output = [];
        int tokens = prompt.Length;
        while (true)
        {
            StepEvent step = Step(new StepItem(slot, tokens))[0];
            tokens = 1;
            if (Engine.Description.EndTokens.Contains(step.Token))
            {
                Engine.Remove(slot);
                return output;
            }

            output.Add(step.Token);
        }
    }

    public void Dispose() => Engine.Dispose();
}
