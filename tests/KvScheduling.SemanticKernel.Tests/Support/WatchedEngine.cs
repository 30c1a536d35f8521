using System.Text;

namespace KvScheduling.SemanticKernel.Tests;

/// <summary>Keeps the prompts in the order in which they start, and stands still while the gate is closed.</summary>
internal sealed class WatchedEngine(IInferenceEngine engine, ManualResetEventSlim gate) : IInferenceEngine
{
    public List<string> Started { get; } = [];

    public EngineDescription Description => engine.Description;

    public ITextCodec? TextCodec => engine.TextCodec;

    public void Start(in SequenceStart start)
    {
        ITokenDecoder decoder = engine.TextCodec!.CreateDecoder();
        var text = new StringBuilder();
        foreach (int token in start.Prompt)
        {
            text.Append(decoder.Append(token));
        }

        Started.Add(text.ToString());
        engine.Start(start);
    }

    public void Remove(int slot) => engine.Remove(slot);

    public int RunStep(ReadOnlySpan<StepItem> plan, Span<StepEvent> events)
    {
        gate.Wait(TimeSpan.FromSeconds(30));
        return engine.RunStep(plan, events);
    }

    public void Dispose() => engine.Dispose();
}
