using System.Text;
using System.Text.Json;

namespace KvScheduling.Samples.BacklogDrain;

/// <summary>Prompts to tokens and completions to text, as the model's template has it.</summary>
internal static class ChatText
{
    /// <summary>A conversation of one user message, up to where the answer begins.</summary>
    public static int[] Tokenize(ITextCodec codec, string prompt)
    {
        using MemoryStream json = new();
        using (Utf8JsonWriter writer = new(json))
        {
            writer.WriteStartArray();
            writer.WriteStartObject();
            writer.WriteString("role", "user");
            writer.WriteString("content", prompt);
            writer.WriteEndObject();
            writer.WriteEndArray();
        }

        return codec.Encode(codec.ApplyChatTemplate(Encoding.UTF8.GetString(json.ToArray()), toolsJson: null, addGenerationPrompt: true));
    }

    public static string Decode(ITextCodec codec, ReadOnlySpan<int> tokens)
    {
        ITokenDecoder decoder = codec.CreateDecoder();
        StringBuilder text = new();
        foreach (int token in tokens)
        {
            text.Append(decoder.Append(token));
        }

        return text.Append(decoder.Flush()).ToString();
    }
}
