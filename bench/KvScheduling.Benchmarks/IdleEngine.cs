namespace KvScheduling.Benchmarks;

/// <summary>An engine that takes no time and says one word.</summary>
internal sealed class IdleEngine : IInferenceEngine
{
    private readonly int[] _pending;

    public IdleEngine(int slots)
    {
        _pending = new int[slots];
        Description = new EngineDescription
        {
            EngineName = "idle",
            ModelId = "idle",
            KvCapacityTokens = 1L << 30,
            BlockTokens = 16,
            MaxSequences = slots,
            MaxContextTokens = 1 << 20,
            MaxStepTokens = 1 << 16,
            VocabularySize = 10,
            EndTokens = [BenchRequest.EndToken],
            Hold = HoldSupport.Free,
            SupportsChunkedPrefill = true,
            SupportsExactResume = true,
        };
    }

    public EngineDescription Description { get; }

    public ITextCodec? TextCodec => null;

    public void Start(in SequenceStart start) => _pending[start.Slot] = start.Prompt.Length + start.Output.Length;

    public void Remove(int slot)
    {
    }

    public int RunStep(ReadOnlySpan<StepItem> plan, Span<StepEvent> events)
    {
        for (int i = 0; i < plan.Length; i++)
        {
            StepItem item = plan[i];
            _pending[item.Slot] -= item.Tokens;
            bool samples = _pending[item.Slot] == 0;
            _pending[item.Slot] += samples ? 1 : 0;
            events[i] = new StepEvent(item.Slot, item.Tokens, samples ? BenchRequest.Word : StepEvent.NoToken);
        }

        return plan.Length;
    }

    public void Dispose()
    {
    }
}
