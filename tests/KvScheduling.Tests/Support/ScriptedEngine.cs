namespace KvScheduling.Tests;

/// <summary>An engine whose next token is a function of the prompt and the output's length alone, with hooks for everything that can go wrong.</summary>
internal sealed class ScriptedEngine : IInferenceEngine
{
    private readonly Dictionary<int, Sequence> _sequences = [];

    public ScriptedEngine(long kvCapacityTokens = 4096, int maxSequences = 64, int blockTokens = 4) => Description = new EngineDescription
    {
        EngineName = "scripted",
        ModelId = "scripted-model",
        KvCapacityTokens = kvCapacityTokens,
        BlockTokens = blockTokens,
        MaxSequences = maxSequences,
        MaxContextTokens = 2048,
        MaxStepTokens = 1024,
        VocabularySize = 1000,
        EndTokens = [999],
        Hold = HoldSupport.Free,
        SupportsChunkedPrefill = true,
        SupportsExactResume = true,
    };

    public EngineDescription Description { get; init; }

    public ITextCodec? TextCodec => null;

    public int Steps { get; private set; }

    public bool IsDisposed { get; private set; }

    /// <summary>Slots and prompts of every start, in order.</summary>
    public List<int[]> StartedPrompts { get; } = [];

    /// <summary>Called at the beginning of each step, with its number from 1.</summary>
    public Action<int>? BeforeStep { get; set; }

    public Action<int>? BeforeStart { get; set; }

    public static int TokenAt(ReadOnlySpan<int> prompt, int index)
    {
        int sum = index * 31;
        foreach (int token in prompt)
        {
            sum = unchecked((sum * 17) + token);
        }

        return (int)((uint)sum % 900);
    }

    public void Start(in SequenceStart start)
    {
        BeforeStart?.Invoke(start.Slot);
        StartedPrompts.Add(start.Prompt.ToArray());
        _sequences.Add(start.Slot, new Sequence(start.Prompt.ToArray(), start.Output.Length, start.SharedTokens));
    }

    public void Remove(int slot) => Assert.True(_sequences.Remove(slot), $"Slot {slot} was not started.");

    public int RunStep(ReadOnlySpan<StepItem> plan, Span<StepEvent> events)
    {
        BeforeStep?.Invoke(++Steps);
        int count = 0;
        foreach (StepItem item in plan)
        {
            Sequence sequence = _sequences[item.Slot];
            sequence.Computed += item.Tokens;
            int total = sequence.Prompt.Length + sequence.Output;
            Assert.True(sequence.Computed <= total, "More tokens were planned than there are.");
            int token = sequence.Computed == total ? TokenAt(sequence.Prompt, sequence.Output) : StepEvent.NoToken;
            sequence.Output += token == StepEvent.NoToken ? 0 : 1;
            events[count++] = new StepEvent(item.Slot, item.Tokens, token);
        }

        return count;
    }

    public void Dispose() => IsDisposed = true;

    private sealed class Sequence(int[] prompt, int output, int computed)
    {
        public int[] Prompt { get; } = prompt;

        public int Output { get; set; } = output;

        public int Computed { get; set; } = computed;
    }
}
