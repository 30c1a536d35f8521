using System.Text;
using System.Text.Json;

namespace KvScheduling.OnnxGenAI;

/// <summary>The bytes of every token of a byte-level vocabulary (GPT-2, Llama 3, Qwen, SmolLM, Phi-4 ...), read from tokenizer.json.</summary>
/// <remarks>The native decoder drops what follows a byte that is no character. With the bytes at hand nothing is dropped, and a step needs no native call.</remarks>
internal sealed class ByteLevelVocabulary
{
    private static readonly byte[] ReplacementCharacter = "\uFFFD"u8.ToArray();
    private static readonly short[] ByteOfSymbol = BuildByteOfSymbol();

    private readonly byte[]?[] _tokens;

    private ByteLevelVocabulary(byte[]?[] tokens) => _tokens = tokens;

    /// <summary>The token's bytes; none for one that is hidden, U+FFFD for an id without a token.</summary>
    public ReadOnlySpan<byte> BytesOf(int token) => (uint)token < (uint)_tokens.Length && _tokens[token] is { } bytes ? bytes : ReplacementCharacter;

    /// <summary>Reads tokenizer.json; null when its decoder is not byte-level.</summary>
    public static ByteLevelVocabulary? TryRead(string file)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(file));
            JsonElement root = document.RootElement;
            if (!root.TryGetProperty("decoder", out JsonElement decoder) || !IsByteLevel(decoder)
                || !root.TryGetProperty("model", out JsonElement model) || !model.TryGetProperty("vocab", out JsonElement vocabulary) || vocabulary.ValueKind != JsonValueKind.Object)
            {
                return null;
            }

            List<byte[]?> tokens = [];
            foreach (JsonProperty entry in vocabulary.EnumerateObject())
            {
                Set(tokens, entry.Value, BytesOfSymbols(entry.Name));
            }

            if (root.TryGetProperty("added_tokens", out JsonElement added) && added.ValueKind == JsonValueKind.Array)
            {
                foreach (JsonElement entry in added.EnumerateArray())
                {
                    bool isHidden = entry.TryGetProperty("special", out JsonElement special) && special.ValueKind == JsonValueKind.True;
                    Set(tokens, entry.GetProperty("id"), isHidden ? [] : Encoding.UTF8.GetBytes(entry.GetProperty("content").GetString() ?? string.Empty));
                }
            }

            return new ByteLevelVocabulary([.. tokens]);
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new OnnxGenAIException($"{file} is not a tokenizer of the usual form: {error.Message}", error);
        }
    }

    private static bool IsByteLevel(JsonElement decoder) =>
        decoder.ValueKind == JsonValueKind.Object && decoder.TryGetProperty("type", out JsonElement type) && type.ValueEquals("ByteLevel");

    private static void Set(List<byte[]?> tokens, JsonElement id, byte[] bytes)
    {
        int index = id.ValueKind == JsonValueKind.Number && id.TryGetInt32(out int value) && value is >= 0 and < 16_777_216
            ? value
            : throw new JsonException($"the token id {id} is not a whole number from 0 to 16777215.");
        while (tokens.Count <= index)
        {
            tokens.Add(null);
        }

        tokens[index] = bytes;
    }

    // A symbol outside the byte alphabet stands for itself: special tokens are also listed in the vocabulary.
    private static byte[] BytesOfSymbols(string symbols)
    {
        byte[] bytes = new byte[symbols.Length];
        for (int i = 0; i < symbols.Length; i++)
        {
            short value = symbols[i] < ByteOfSymbol.Length ? ByteOfSymbol[symbols[i]] : (short)-1;
            if (value < 0)
            {
                return Encoding.UTF8.GetBytes(symbols);
            }

            bytes[i] = (byte)value;
        }

        return bytes;
    }

    /// <summary>Printable bytes of Latin-1 stand for themselves; the others, in order, are the characters from U+0100 on.</summary>
    private static short[] BuildByteOfSymbol()
    {
        short[] table = new short[512];
        Array.Fill(table, (short)-1);
        int next = 256;
        for (int value = 0; value < 256; value++)
        {
            bool isPrintable = value is (>= 33 and <= 126) or (>= 161 and <= 172) or >= 174;
            table[isPrintable ? value : next++] = (short)value;
        }

        return table;
    }
}
