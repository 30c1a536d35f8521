namespace KvScheduling.ManagedEngine;

/// <summary>Whether a sequence can be started. Everything is checked before anything changes.</summary>
internal static class SequenceStartCheck
{
    /// <exception cref="ArgumentException">The start is wrong; the message names what and never shows tokens.</exception>
    /// <exception cref="NotSupportedException">The start has a constraint.</exception>
    public static void Validate(in SequenceStart start, EngineSlot[] slots, EngineDescription engine)
    {
        if ((uint)start.Slot >= (uint)slots.Length)
        {
            throw new ArgumentOutOfRangeException(nameof(start), start.Slot, $"{nameof(SequenceStart.Slot)}: the engine has slots 0 to {slots.Length - 1}.");
        }

        if (start.Constraint is not null)
        {
            throw new NotSupportedException("The managed engine has no guidance; leave the constraint out or use an engine that supports it.");
        }

        ValidateTokens(start, engine);
        SamplingSettingsCheck.Validate(start.Sampling);
        ValidateSharing(start, slots);
    }

    private static void ValidateTokens(in SequenceStart start, EngineDescription engine)
    {
        if (start.Prompt.IsEmpty)
        {
            throw new ArgumentException("The prompt is empty; a sequence needs at least one token.", nameof(start));
        }

        long count = (long)start.Prompt.Length + start.Output.Length;
        if (start.MaxTotalTokens < count || start.MaxTotalTokens > engine.MaxContextTokens)
        {
            throw new ArgumentOutOfRangeException(
                nameof(start), start.MaxTotalTokens, $"{nameof(SequenceStart.MaxTotalTokens)} must be from the {count} tokens given to the context of {engine.MaxContextTokens}.");
        }

        RequireIds(start.Prompt, engine.VocabularySize, nameof(SequenceStart.Prompt));
        RequireIds(start.Output, engine.VocabularySize, nameof(SequenceStart.Output));
    }

    private static void ValidateSharing(in SequenceStart start, EngineSlot[] slots)
    {
        bool continues = start.SharedTokens > 0 && start.SharedFromSlot == start.Slot;
        if (slots[start.Slot].IsStarted && !continues)
        {
            throw new ArgumentException($"Slot {start.Slot} holds a sequence; remove it first, or continue it.", nameof(start));
        }

        if (start.SharedTokens == 0)
        {
            return;
        }

        if (start.SharedTokens < 0 || (!continues && start.SharedTokens % KvPool.BlockTokens != 0))
        {
            throw new ArgumentOutOfRangeException(
                nameof(start),
                start.SharedTokens,
                $"{nameof(SequenceStart.SharedTokens)} must be 0 or more, and whole blocks of {KvPool.BlockTokens} unless the slot's own sequence is continued.");
        }

        if ((uint)start.SharedFromSlot >= (uint)slots.Length || !slots[start.SharedFromSlot].IsStarted)
        {
            throw new ArgumentException($"Slot {start.SharedFromSlot} holds no sequence to share KV of.", nameof(start));
        }

        KvSequence source = slots[start.SharedFromSlot].Sequence;
        int count = start.Prompt.Length + start.Output.Length;
        if (start.SharedTokens > source.CachedCount || start.SharedTokens >= count)
        {
            throw new ArgumentOutOfRangeException(
                nameof(start),
                start.SharedTokens,
                $"{nameof(SequenceStart.SharedTokens)}: slot {start.SharedFromSlot} has {source.CachedCount} tokens in the cache, and of the new sequence's {count} at least one is computed.");
        }

        int fromPrompt = Math.Min(start.SharedTokens, start.Prompt.Length);
        ReadOnlySpan<int> shared = source.Tokens[..start.SharedTokens];
        if (!shared[..fromPrompt].SequenceEqual(start.Prompt[..fromPrompt]) || !shared[fromPrompt..].SequenceEqual(start.Output[..(start.SharedTokens - fromPrompt)]))
        {
            throw new ArgumentException($"The first {start.SharedTokens} tokens are not those of slot {start.SharedFromSlot}: its KV is another text's.", nameof(start));
        }
    }

    private static void RequireIds(ReadOnlySpan<int> tokens, int vocabularySize, string name)
    {
        for (int i = 0; i < tokens.Length; i++)
        {
            if ((uint)tokens[i] >= (uint)vocabularySize)
            {
                throw new ArgumentOutOfRangeException(name, $"The token id at position {i} is outside the vocabulary of {vocabularySize}.");
            }
        }
    }
}
