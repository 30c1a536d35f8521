namespace KvScheduling.Simulation.Tests;

/// <summary>An engine that takes no step ahead of callers who are about to act.</summary>
internal sealed class PacedEngine(IInferenceEngine inner, CallerPace pace) : DelegatingInferenceEngine(inner)
{
    private readonly Dictionary<int, (int Prompt, int Output)> _sequences = [];

    public override void Start(in SequenceStart start)
    {
        Inner.Start(in start);
        _sequences[start.Slot] = (start.Prompt.Length, start.Output.Length);
    }

    public override int RunStep(ReadOnlySpan<StepItem> plan, Span<StepEvent> events)
    {
        pace.WaitForLine();
        foreach (StepItem item in plan)
        {
            (int prompt, int output) = _sequences[item.Slot];
            pace.WaitForCaller(prompt, output);
        }

        int count = Inner.RunStep(plan, events);
        foreach (ref readonly StepEvent happened in events[..count])
        {
            if (happened.Token != StepEvent.NoToken)
            {
                (int prompt, int output) = _sequences[happened.Slot];
                _sequences[happened.Slot] = (prompt, output + 1);
            }
        }

        return count;
    }
}
