using System.Text;
using System.Text.Json;

namespace KvScheduling;

/// <summary>
/// Text of the simulated model: ChatML, UTF-8 bytes, and the words it speaks as tokens of their own, so that its answers tokenize to what it generated.
/// </summary>
internal sealed class SimulatedTextCodec : ITextCodec
{
    public static SimulatedTextCodec Instance { get; } = new();

    public string ChatTemplate =>
        "{% if tools %}<|im_start|>system\n{{ tools | tojson }}<|im_end|>\n{% endif %}" +
        "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}" +
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

    public string ApplyChatTemplate(string messagesJson, string? toolsJson, bool addGenerationPrompt)
    {
        StringBuilder text = new();
        if (!string.IsNullOrEmpty(toolsJson))
        {
            AppendTurn(text, "system", toolsJson);
        }

        using JsonDocument messages = JsonDocument.Parse(messagesJson);
        foreach (JsonElement message in messages.RootElement.EnumerateArray())
        {
            string role = message.GetProperty("role").GetString() ?? "user";
            AppendTurn(text, role, ContentOf(message));
        }

        if (addGenerationPrompt)
        {
            text.Append(SimulatedVocabulary.TurnStartText).Append("assistant\n");
        }

        return text.ToString();
    }

    public int[] Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        List<int> tokens = new(text.Length);
        Span<byte> bytes = stackalloc byte[4];
        ReadOnlySpan<char> rest = text;
        while (!rest.IsEmpty)
        {
            if (TakeSpecial(rest, out int token, out int length) || TakeWord(rest, out token, out length))
            {
                tokens.Add(token);
            }
            else
            {
                // A lone surrogate comes back as U+FFFD.
                Rune.DecodeFromUtf16(rest, out Rune rune, out length);
                foreach (byte value in bytes[..rune.EncodeToUtf8(bytes)])
                {
                    tokens.Add(value);
                }
            }

            rest = rest[length..];
        }

        return [.. tokens];
    }

    public ITokenDecoder CreateDecoder() => new SimulatedTokenDecoder();

    private static void AppendTurn(StringBuilder text, string role, string content) =>
        text.Append(SimulatedVocabulary.TurnStartText).Append(role).Append('\n').Append(content).Append(SimulatedVocabulary.TurnEndText).Append('\n');

    private static string ContentOf(JsonElement message)
    {
        if (message.TryGetProperty("content", out JsonElement content) && content.ValueKind == JsonValueKind.String)
        {
            return content.GetString()!;
        }

        return message.TryGetProperty("tool_calls", out JsonElement calls) ? calls.GetRawText() : string.Empty;
    }

    private static bool TakeSpecial(ReadOnlySpan<char> text, out int token, out int length)
    {
        (token, length) = text[0] != '<' ? (-1, 0)
            : text.StartsWith(SimulatedVocabulary.TurnStartText) ? (SimulatedVocabulary.TurnStart, SimulatedVocabulary.TurnStartText.Length)
            : text.StartsWith(SimulatedVocabulary.TurnEndText) ? (SimulatedVocabulary.TurnEnd, SimulatedVocabulary.TurnEndText.Length)
            : text.StartsWith(SimulatedVocabulary.TextEndText) ? (SimulatedVocabulary.TextEnd, SimulatedVocabulary.TextEndText.Length)
            : (-1, 0);
        return length > 0;
    }

    /// <summary>Takes a run of letters that is a known word, with the space before and the full stop after it when a token has them.</summary>
    private static bool TakeWord(ReadOnlySpan<char> text, out int token, out int length)
    {
        length = text[0] == ' ' ? 1 : 0;
        while (length < text.Length && char.IsAsciiLetter(text[length]))
        {
            length++;
        }

        if (length < text.Length && text[length] == '.' && SimulatedVocabulary.TryGetWordToken(text[..(length + 1)], out token))
        {
            length++;
            return true;
        }

        return SimulatedVocabulary.TryGetWordToken(text[..length], out token);
    }
}
