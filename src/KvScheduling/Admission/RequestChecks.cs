namespace KvScheduling;

/// <summary>Finds what is wrong with a request before any work is spent on it.</summary>
internal static class RequestChecks
{
    /// <exception cref="ArgumentException">A member is out of its range.</exception>
    /// <exception cref="NotSupportedException">The engine can't obey the request.</exception>
    public static void Validate(GenerationRequest request, EngineDescription engine)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.PromptTokens.IsEmpty)
        {
            throw new ArgumentException("The prompt is empty; a request needs at least one prompt token.", nameof(request));
        }

        ReadOnlySpan<int> prompt = request.PromptTokens.Span;
        int invalid = prompt.IndexOfAnyExceptInRange(0, engine.VocabularySize - 1);
        if (invalid >= 0)
        {
            throw new ArgumentException(
                $"Prompt token {invalid} is {prompt[invalid]}, outside the vocabulary of {engine.ModelId} (0 to {engine.VocabularySize - 1}).", nameof(request));
        }

        if (request.MaxOutputTokens is < 1)
        {
            throw new ArgumentException($"{nameof(GenerationRequest.MaxOutputTokens)} is {request.MaxOutputTokens}; it must be at least 1.", nameof(request));
        }

        if (request.Constraint is not null && !engine.SupportsGuidance)
        {
            throw new NotSupportedException(
                $"The engine '{engine.EngineName}' can't constrain its output ({request.Constraint.Kind}). Leave {nameof(GenerationRequest.Constraint)} unset, or use an engine with guidance.");
        }

        Validate(request.Sampling);
        if (!engine.SupportsPenalties && (request.Sampling.FrequencyPenalty != 0 || request.Sampling.PresencePenalty != 0))
        {
            throw new NotSupportedException(
                $"The engine '{engine.EngineName}' has no frequency and presence penalties. Leave {nameof(SamplingSettings.FrequencyPenalty)} and {nameof(SamplingSettings.PresencePenalty)} at 0, or use an engine that has them.");
        }

        Validate(request.Hints);
    }

    private static void Validate(SamplingSettings sampling)
    {
        ArgumentNullException.ThrowIfNull(sampling);
        InRange(sampling.Temperature, 0, 100, nameof(SamplingSettings.Temperature));
        InRange(sampling.FrequencyPenalty, -2, 2, nameof(SamplingSettings.FrequencyPenalty));
        InRange(sampling.PresencePenalty, -2, 2, nameof(SamplingSettings.PresencePenalty));
        if (!(sampling.TopP > 0 && sampling.TopP <= 1))
        {
            throw new ArgumentException($"{nameof(SamplingSettings.TopP)} is {sampling.TopP}; it must be above 0 and at most 1.", nameof(sampling));
        }

        if (sampling.TopK < 0)
        {
            throw new ArgumentException($"{nameof(SamplingSettings.TopK)} is {sampling.TopK}; it must be 0 (off) or more.", nameof(sampling));
        }
    }

    private static void Validate(SchedulingHints hints)
    {
        ArgumentNullException.ThrowIfNull(hints);
        if (hints.Deadline is { } deadline && deadline <= TimeSpan.Zero)
        {
            throw new ArgumentException($"{nameof(SchedulingHints.Deadline)} is {deadline}; it must be above zero.", nameof(hints));
        }

        if (hints.ExpectedOutputTokens is < 1)
        {
            throw new ArgumentException($"{nameof(SchedulingHints.ExpectedOutputTokens)} is {hints.ExpectedOutputTokens}; it must be at least 1.", nameof(hints));
        }
    }

    private static void InRange(float value, float min, float max, string name)
    {
        // Written so that NaN fails.
        if (!(value >= min && value <= max))
        {
            throw new ArgumentException($"{name} is {value}; it must be from {min} to {max}.", name);
        }
    }
}
