using Microsoft.Extensions.AI;

namespace KvScheduling;

/// <summary>The options of one chat request, checked and copied: nothing of the caller's options is read after this was made.</summary>
internal sealed record ChatRequest
{
    /// <summary>Everything about the request but its prompt.</summary>
    public required GenerationRequest Settings { get; init; }

    public string? Instructions { get; init; }

    /// <summary>The tools that are shown to the model; empty when none may be called.</summary>
    public IReadOnlyList<AIFunctionDeclaration> Tools { get; init; } = [];

    /// <summary>Whether the answer must be a call.</summary>
    public bool RequiresCall { get; init; }

    /// <summary>The tool that must be called, when only one comes into question.</summary>
    public string? RequiredTool { get; init; }

    /// <summary>After how many calls the answer is over.</summary>
    public int MaxCalls { get; init; } = int.MaxValue;

    public ToolCallFormat ToolCallFormat { get; init; }

    public IReadOnlyList<string> StopSequences { get; init; } = [];

    public GenerationRequest WithPrompt(ReadOnlyMemory<int> tokens) => new()
    {
        PromptTokens = tokens,
        MaxOutputTokens = Settings.MaxOutputTokens,
        Sampling = Settings.Sampling,
        Hints = Settings.Hints,
        StopTokens = Settings.StopTokens,
        IgnoreEndTokens = Settings.IgnoreEndTokens,
        Constraint = Settings.Constraint,
    };
}
