using System.Text;
using System.Text.Json;

namespace KvScheduling;

/// <summary>A prompt to tokens and an output to text, for callers of <see cref="IKvScheduler"/> that hand in and get back tokens.</summary>
public static class TextCodecExtensions
{
    /// <summary>Tokenizes a conversation of one user message by the model's chat template, up to where the answer begins.</summary>
    /// <param name="codec">The model's text side.</param>
    /// <param name="message">What the user says.</param>
    /// <returns>The prompt's token ids.</returns>
    /// <exception cref="NotSupportedException">The model's template needs something that is not supported; the message names it and the way out.</exception>
    public static int[] EncodeUserMessage(this ITextCodec codec, string message)
    {
        ArgumentNullException.ThrowIfNull(codec);
        ArgumentNullException.ThrowIfNull(message);
        using MemoryStream json = new();
        using (Utf8JsonWriter writer = new(json))
        {
            writer.WriteStartArray();
            writer.WriteStartObject();
            writer.WriteString("role", "user");
            writer.WriteString("content", message);
            writer.WriteEndObject();
            writer.WriteEndArray();
        }

        return codec.Encode(codec.ApplyChatTemplate(Encoding.UTF8.GetString(json.ToArray()), toolsJson: null, addGenerationPrompt: true));
    }

    /// <summary>Turns a whole output into text.</summary>
    /// <param name="codec">The model's text side.</param>
    /// <param name="tokens">The output's token ids.</param>
    /// <returns>The text; broken bytes at its end are U+FFFD.</returns>
    public static string Decode(this ITextCodec codec, ReadOnlySpan<int> tokens)
    {
        ArgumentNullException.ThrowIfNull(codec);
        ITokenDecoder decoder = codec.CreateDecoder();
        StringBuilder text = new();
        foreach (int token in tokens)
        {
            text.Append(decoder.Append(token));
        }

        return text.Append(decoder.Flush()).ToString();
    }
}
