namespace KvScheduling;

/// <summary>What a token-level caller hands in: a prompt, a limit, and how the request should be sampled and scheduled.</summary>
/// <remarks>The prompt is copied when the request is submitted. A request object may be submitted more than once.</remarks>
public sealed class GenerationRequest
{
    /// <summary>The prompt as token ids of the engine's vocabulary.</summary>
    /// <value>At least one token; every id in <c>[0, <see cref="EngineDescription.VocabularySize"/>)</c>.</value>
    public required ReadOnlyMemory<int> PromptTokens { get; init; }

    /// <summary>The most tokens to generate.</summary>
    /// <value>At least 1. The default value is <see langword="null"/>: <see cref="KvSchedulingOptions.DefaultMaxOutputTokens"/>, shortened to what context and budget leave.</value>
    public int? MaxOutputTokens { get; init; }

    /// <summary>How the next token is chosen. The default value is greedy decoding.</summary>
    public SamplingSettings Sampling { get; init; } = SamplingSettings.Greedy;

    /// <summary>Priority, tenant, deadline and expected output, all optional.</summary>
    public SchedulingHints Hints { get; init; } = SchedulingHints.None;

    /// <summary>Token ids that end this request beside the model's own end tokens. The ending token is not part of the output.</summary>
    public IReadOnlyList<int> StopTokens { get; init; } = [];

    /// <summary>Whether the model's end tokens are ignored, so that exactly <see cref="MaxOutputTokens"/> tokens come out. The default value is <see langword="false"/>.</summary>
    public bool IgnoreEndTokens { get; init; }

    /// <summary>A grammar the output must follow; needs <see cref="EngineDescription.SupportsGuidance"/>.</summary>
    public OutputConstraint? Constraint { get; init; }
}
