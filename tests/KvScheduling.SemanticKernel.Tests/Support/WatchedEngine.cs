using System.Text;

namespace KvScheduling.SemanticKernel.Tests;

/// <summary>Keeps the prompts in the order in which they start, and stands still while the gate is closed.</summary>
internal sealed class WatchedEngine(IInferenceEngine engine, ManualResetEventSlim gate) : DelegatingInferenceEngine(engine)
{
    /// <summary>How long something may take that never takes long: it ends a test that hangs and decides nothing else.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public List<string> Started { get; } = [];

    public override void Start(in SequenceStart start)
    {
        ITokenDecoder decoder = TextCodec!.CreateDecoder();
        var text = new StringBuilder();
        foreach (int token in start.Prompt)
        {
            text.Append(decoder.Append(token));
        }

        Started.Add(text.ToString());
        Inner.Start(start);
    }

    public override int RunStep(ReadOnlySpan<StepItem> plan, Span<StepEvent> events)
    {
        if (!gate.Wait(Patience))
        {
            throw new TimeoutException("Nobody opened the gate.");
        }

        return Inner.RunStep(plan, events);
    }
}
