using System.Text;
using System.Text.Json;

namespace KvScheduling.ManagedEngine;

/// <summary>Reads <c>tokenizer.json</c>. Everything that would change tokens and is not supported is refused by name.</summary>
internal sealed class TokenizerFile
{
    public const string FileName = "tokenizer.json";

    private const string WayOut = "Use a model with a byte-level BPE tokenizer (the kinds of GPT-2, Llama 3, Qwen and SmolLM) or another engine.";

    // The largest vocabularies in use have some 260,000 entries.
    private const int MaxVocabulary = 1 << 22;

    private readonly JsonFile _json;

    private TokenizerFile(JsonFile json) => _json = json;

    public static TokenizerModel Read(string path)
    {
        using JsonFile json = JsonFile.Read(path);
        return new TokenizerFile(json).Build();
    }

    /// <summary>Reads the file's bytes; the path is for messages.</summary>
    public static TokenizerModel Parse(string path, ReadOnlyMemory<byte> bytes)
    {
        using JsonFile json = JsonFile.Parse(path, bytes);
        return new TokenizerFile(json).Build();
    }

    private TokenizerModel Build()
    {
        JsonElement root = _json.Root;
        JsonElement model = _json.Object(root, "model", "model");
        RefuseUnsupported(model);
        bool normalizes = ReadNormalizer();
        Dictionary<string, int> vocabulary = ReadVocabulary(model);
        List<AddedToken> added = ReadAddedTokens();
        List<(int Left, int Right, int Merged)> merges = ReadMerges(model, vocabulary);
        int? unknown = null;
        if (JsonFile.Find(model, "unk_token") is { } unknownToken)
        {
            unknown = vocabulary.TryGetValue(_json.AsText(unknownToken, "model.unk_token"), out int id)
                ? id : throw _json.Error("model.unk_token", "is not in the vocabulary.");
        }

        bool takesWholePieces = _json.FindFlag(model, "ignore_merges", "model.ignore_merges") ?? false;
        var encoder = new BytePairEncoder(vocabulary, merges, takesWholePieces, unknown);
        var preTokenizer = new PreTokenizer(new PreTokenizerReader(_json, WayOut).Read());
        return new TokenizerModel(new AddedTokens(added), preTokenizer, encoder, normalizes, VisibleBytes(vocabulary, added));
    }

    private void RefuseUnsupported(JsonElement model)
    {
        // Old files leave the type out.
        if (JsonFile.Find(model, "type") is { } type && _json.AsText(type, "model.type") is not "BPE" and var name)
        {
            throw _json.Error("model.type", $"'{name}' is not supported; 'BPE' is. {WayOut}");
        }

        if (_json.FindFlag(model, "byte_fallback", "model.byte_fallback") == true)
        {
            throw _json.Error("model.byte_fallback", $"is not supported. {WayOut}");
        }

        if (_json.FindNumber(model, "dropout", "model.dropout") is > 0)
        {
            throw _json.Error("model.dropout", "random merges are not supported.");
        }

        foreach (string affix in (ReadOnlySpan<string>)["continuing_subword_prefix", "end_of_word_suffix"])
        {
            if (JsonFile.Find(model, affix) is { } value && _json.AsText(value, $"model.{affix}").Length > 0)
            {
                throw _json.Error($"model.{affix}", $"is not supported. {WayOut}");
            }
        }

        if (JsonFile.Find(_json.Root, "decoder") is { } decoder && _json.Text(decoder, "type", "decoder.type") is not "ByteLevel" and var kind)
        {
            throw _json.Error("decoder.type", $"'{kind}' is not supported; 'ByteLevel' is. {WayOut}");
        }
    }

    /// <summary>Whether text is brought into form C: the only normalizer that byte-level tokenizers of the supported families have.</summary>
    private bool ReadNormalizer()
    {
        if (JsonFile.Find(_json.Root, "normalizer") is not { } normalizer)
        {
            return false;
        }

        string type = _json.Text(normalizer, "type", "normalizer.type");
        return type == "NFC" ? true : throw _json.Error("normalizer.type", $"'{type}' is not supported; 'NFC' is. {WayOut}");
    }

    private Dictionary<string, int> ReadVocabulary(JsonElement model)
    {
        var vocabulary = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (JsonProperty entry in _json.Object(model, "vocab", "model.vocab").EnumerateObject())
        {
            string name = _json.NameOf(entry);
            vocabulary[name] = ReadId(entry.Value, $"model.vocab[{name}]");
        }

        return vocabulary.Count > 0 ? vocabulary : throw _json.Error("model.vocab", "is empty.");
    }

    private int ReadId(JsonElement value, string field) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int id) && id >= 0 && id < MaxVocabulary
            ? id
            : throw _json.Error(field, $"{value.GetRawText()} is not a token id from 0 to {MaxVocabulary - 1}.");

    private List<AddedToken> ReadAddedTokens()
    {
        var tokens = new List<AddedToken>();
        if (JsonFile.Find(_json.Root, "added_tokens") is not { } list)
        {
            return tokens;
        }

        if (list.ValueKind != JsonValueKind.Array)
        {
            throw _json.Error("added_tokens", "must be a list.");
        }

        foreach (JsonElement item in list.EnumerateArray())
        {
            string field = $"added_tokens[{tokens.Count}]";
            string content = _json.Text(item, "content", $"{field}.content");
            if (content.Length == 0)
            {
                throw _json.Error($"{field}.content", "is empty.");
            }

            if (Flag("single_word"))
            {
                throw _json.Error($"{field}.single_word", $"true is not supported (token '{content}').");
            }

            JsonElement id = JsonFile.Find(item, "id") ?? throw _json.Error($"{field}.id", "missing.");
            tokens.Add(new AddedToken(content, ReadId(id, $"{field}.id"), Flag("special"), Flag("lstrip"), Flag("rstrip")));

            bool Flag(string name) => _json.FindFlag(item, name, $"{field}.{name}") ?? false;
        }

        return tokens;
    }

    private List<(int Left, int Right, int Merged)> ReadMerges(JsonElement model, Dictionary<string, int> vocabulary)
    {
        if (JsonFile.Find(model, "merges") is not { ValueKind: JsonValueKind.Array } list)
        {
            throw _json.Error("model.merges", "must be a list.");
        }

        var merges = new List<(int Left, int Right, int Merged)>(list.GetArrayLength());
        foreach (JsonElement item in list.EnumerateArray())
        {
            string field = $"model.merges[{merges.Count}]";
            (string left, string right) = ReadPair(item, field);
            merges.Add((Id(left), Id(right), Id(left + right)));

            int Id(string token) => vocabulary.TryGetValue(token, out int id) ? id : throw _json.Error(field, $"'{token}' is not in the vocabulary.");
        }

        return merges;
    }

    /// <summary>A merge is written <c>"a b"</c> or <c>["a", "b"]</c>.</summary>
    private (string Left, string Right) ReadPair(JsonElement item, string field)
    {
        if (item.ValueKind == JsonValueKind.Array && item.GetArrayLength() == 2)
        {
            return (_json.AsText(item[0], field), _json.AsText(item[1], field));
        }

        string text = _json.AsText(item, field);
        int space = text.IndexOf(' ', Math.Min(1, text.Length));
        return space > 0 ? (text[..space], text[(space + 1)..]) : throw _json.Error(field, "is not a pair of tokens.");
    }

    private static byte[]?[] VisibleBytes(Dictionary<string, int> vocabulary, List<AddedToken> added)
    {
        int size = 1 + Math.Max(vocabulary.Values.Max(), added.Count > 0 ? added.Max(token => token.Id) : 0);
        var visible = new byte[]?[size];
        foreach ((string token, int id) in vocabulary)
        {
            visible[id] = ByteAlphabet.TryDecode(token) ?? Encoding.UTF8.GetBytes(token);
        }

        foreach (AddedToken token in added)
        {
            visible[token.Id] = token.IsSpecial ? null : Encoding.UTF8.GetBytes(token.Content);
        }

        return visible;
    }
}
