using System.Text.Encodings.Web;

namespace KvScheduling;

/// <summary>What is known of each syntax of tool calls: how to tell it, read it and force it.</summary>
internal static class ToolCallSyntax
{
    /// <summary>Picks the syntax by what the model's chat template says about tools.</summary>
    /// <returns>The syntax; <see langword="null"/> when the template does not tell.</returns>
    public static ToolCallFormat? Detect(string? chatTemplate)
    {
        if (chatTemplate is null || !chatTemplate.Contains("tools", StringComparison.Ordinal))
        {
            return null;
        }

        if (chatTemplate.Contains(MistralToolCallParser.Marker, StringComparison.Ordinal))
        {
            return ToolCallFormat.Mistral;
        }

        if (chatTemplate.Contains(HermesToolCallParser.Opening, StringComparison.Ordinal))
        {
            return ToolCallFormat.Hermes;
        }

        return chatTemplate.Contains(Llama3ToolCallParser.PythonTag, StringComparison.Ordinal)
            || chatTemplate.Contains("<|start_header_id|>", StringComparison.Ordinal)
            ? ToolCallFormat.Llama3Json
            : null;
    }

    /// <summary>The texts that carry the syntax and are special tokens in some vocabularies.</summary>
    public static IEnumerable<string> Markers(ToolCallFormat format) => format switch
    {
        ToolCallFormat.Hermes => [HermesToolCallParser.Opening, HermesToolCallParser.Closing],
        ToolCallFormat.Llama3Json => [Llama3ToolCallParser.PythonTag],
        ToolCallFormat.Mistral => [MistralToolCallParser.Marker, MistralToolCallParser.ArgumentsMarker],
        _ => [],
    };

    /// <summary>Where calls are found, or the output itself where none are looked for.</summary>
    public static ITextSink CreateParser(ToolCallFormat format, ChatOutput output) => format switch
    {
        ToolCallFormat.Hermes => new HermesToolCallParser(output),
        ToolCallFormat.Llama3Json => new Llama3ToolCallParser(output),
        ToolCallFormat.Mistral => new MistralToolCallParser(output),
        _ => output,
    };

    /// <summary>How an answer begins that can only go on as a call.</summary>
    /// <param name="format">The syntax.</param>
    /// <param name="tool">The tool that must be called; <see langword="null"/> for any.</param>
    /// <param name="chatTemplate">Tells the two syntaxes of Mistral apart.</param>
    /// <remarks>Each ends where the tokenizers of these models end a token, so that the model goes on as if it had written the beginning itself.</remarks>
    public static string Opening(ToolCallFormat format, string? tool, string? chatTemplate)
    {
        string? name = tool is null ? null : JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(tool);
        return format switch
        {
            ToolCallFormat.Hermes => HermesToolCallParser.Opening + "\n{\"name\": \"" + (name is null ? string.Empty : name + "\", \"arguments\":"),
            ToolCallFormat.Llama3Json => "{\"name\": \"" + (name is null ? string.Empty : name + "\", \"parameters\":"),
            ToolCallFormat.Mistral when chatTemplate?.Contains(MistralToolCallParser.ArgumentsMarker, StringComparison.Ordinal) == true =>
                MistralToolCallParser.Marker + (tool is null ? string.Empty : tool + MistralToolCallParser.ArgumentsMarker),
            ToolCallFormat.Mistral => MistralToolCallParser.Marker + "[{\"name\": \"" + (name is null ? string.Empty : name + "\", \"arguments\":"),
            _ => throw new ArgumentOutOfRangeException(nameof(format), format, "This syntax has no opening."),
        };
    }
}
