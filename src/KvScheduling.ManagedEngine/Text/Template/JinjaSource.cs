namespace KvScheduling.ManagedEngine;

/// <summary>The text of a template while it is read, and the errors about it.</summary>
/// <param name="Name">The template's name, for messages.</param>
/// <param name="Text">Its text, with line feeds as line ends.</param>
internal sealed record JinjaSource(string Name, string Text)
{
    private const string WayOut = "Give the engine another template: option ChatTemplateOverride.";

    /// <summary>Every refusal names the construct, its line and the way out.</summary>
    public NotSupportedException Unsupported(string construct, int line) =>
        new($"The chat template {Name} uses {construct} in line {line}, which is not supported. {WayOut}");

    public NotSupportedException Malformed(string problem, int line) =>
        new($"The chat template {Name} can't be read: line {line}: {problem} {WayOut}");

    /// <summary>Reads source as Jinja does: any line end counts as one, and a last one is dropped.</summary>
    public static JinjaSource Create(string name, string text)
    {
        string normalized = text.ReplaceLineEndings("\n");
        return new JinjaSource(name, normalized.EndsWith('\n') ? normalized[..^1] : normalized);
    }
}
