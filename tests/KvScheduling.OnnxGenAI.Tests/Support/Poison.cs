namespace KvScheduling.OnnxGenAI.Tests;

internal static class Poison
{
    /// <summary>Lets a token id past the checks that the native engine does not survive: its next step is its last.</summary>
    public static void Into(PagedEngine engine)
    {
        PagedSequence sequence = new(new SequenceStart { Slot = 0, Prompt = [5000], MaxTotalTokens = 9, Sampling = SamplingSettings.Greedy });
        sequence.Begin(engine.Native, vocabularySize: 1024);
    }
}
