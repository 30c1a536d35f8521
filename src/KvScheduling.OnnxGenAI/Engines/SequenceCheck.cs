namespace KvScheduling.OnnxGenAI;

/// <summary>Refuses what the native side does not survive. One token id outside the vocabulary ends a native engine with every sequence in it.</summary>
internal static class SequenceCheck
{
    /// <exception cref="EngineFaultException">The sequence can't be started; the engine is well.</exception>
    public static void ThrowIfInvalid(in SequenceStart start, EngineDescription engine)
    {
        if ((uint)start.Slot >= (uint)engine.MaxSequences)
        {
            throw Refused($"slot {start.Slot} is not in [0, {engine.MaxSequences})");
        }

        if (start.Prompt.IsEmpty)
        {
            throw Refused("its prompt is empty");
        }

        CheckIds(start.Prompt, "prompt", engine.VocabularySize);
        CheckIds(start.Output, "output", engine.VocabularySize);
        int known = start.Prompt.Length + start.Output.Length;
        if (start.MaxTotalTokens <= known || start.MaxTotalTokens > engine.MaxContextTokens)
        {
            throw Refused($"its limit of {start.MaxTotalTokens} tokens must leave room after the {known} it has, within the context of {engine.MaxContextTokens}");
        }

        if (start.Sampling.FrequencyPenalty != 0 || start.Sampling.PresencePenalty != 0)
        {
            throw Refused("frequency and presence penalties are not supported by this engine (EngineDescription.SupportsPenalties)");
        }

        if (start.Constraint is not null && !engine.SupportsGuidance)
        {
            throw Refused("a grammar needs the model's tokenizer files, which its folder does not have");
        }
    }

    private static void CheckIds(ReadOnlySpan<int> ids, string what, int vocabularySize)
    {
        for (int i = 0; i < ids.Length; i++)
        {
            if ((uint)ids[i] >= (uint)vocabularySize)
            {
                throw Refused($"token {i} of its {what} has the id {ids[i]}, which is not in the vocabulary [0, {vocabularySize})");
            }
        }
    }

    private static EngineFaultException Refused(string reason) => new($"The sequence can't be started: {reason}.");
}
