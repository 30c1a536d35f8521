using System.Text;
using System.Text.Json.Nodes;

namespace KvScheduling.ManagedEngine.Tests.Text;

public sealed class TokenizerFileTests
{
    private const string ByteLevel = """{"type":"ByteLevel","add_prefix_space":false,"use_regex":false}""";

    [Theory]
    [InlineData("""{"type":"ByteLevel","add_prefix_space":false}""", "I've 12 x", "I|'ve| 12| x")]
    [InlineData("""{"type":"Sequence","pretokenizers":[{"type":"Digits","individual_digits":true},BYTES]}""", "a123b", "a|1|2|3|b")]
    [InlineData("""{"type":"Sequence","pretokenizers":[{"type":"Digits","individual_digits":false},BYTES]}""", "a123b", "a|123|b")]
    [InlineData(
        """{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"\\p{N}{1,3}"},"behavior":"Isolated","invert":false},BYTES]}""",
        "1234567",
        "123|456|7")]
    [InlineData(
        """{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"\\p{N}{1,3}"},"behavior":"Isolated","invert":false},BYTES]}""",
        "𝟘𝟙𝟚𝟛a😀",
        "𝟘𝟙𝟚|𝟛|a😀")]
    [InlineData(
        """{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"\\p{L}+"},"behavior":"Isolated","invert":false},BYTES]}""",
        "a𐐷b😀c",
        "a𐐷b|😀|c")]
    [InlineData(
        """{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"String":"."},"behavior":"Isolated","invert":false},BYTES]}""",
        "a.b",
        "a|.|b")]
    [InlineData(
        """{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"\\w+"},"behavior":"Removed","invert":true},BYTES]}""",
        "a, b",
        "a|b")]
    public void Encode_PreTokenizer_CutsThere(string preTokenizer, string text, string pieces)
    {
        JsonObject file = AnyByte(preTokenizer.Replace("BYTES", ByteLevel, StringComparison.Ordinal));

        // Every piece is in the vocabulary as a whole, and nothing merges: the tokens are the pieces.
        file["model"]!["ignore_merges"] = true;
        string[] expected = pieces.Split('|');
        for (int i = 0; i < expected.Length; i++)
        {
            string spelling = string.Concat(Encoding.UTF8.GetBytes(expected[i]).Select(ByteAlphabet.CharacterOf));
            file["model"]!["vocab"]!.AsObject().TryAdd(spelling, 1000 + i);
        }

        TokenizerModel tokenizer = Parse(file);

        Assert.Equal(expected, tokenizer.Encode(text).Select(token => Decoding.All(tokenizer, [token])));
    }

    [Theory]
    [InlineData("""["a b","ab c"]""")]
    [InlineData("""[["a","b"],["ab","c"]]""")]
    public void Encode_MergesInEitherForm_Merge(string merges)
    {
        JsonObject file = AnyByte(ByteLevel);
        file["model"]!["vocab"]!.AsObject().Add("ab", 500);
        file["model"]!["vocab"]!.AsObject().Add("abc", 501);
        file["model"]!["merges"] = JsonNode.Parse(merges);

        Assert.Equal([501, 500], Parse(file).Encode("abcab"));
    }

    [Fact]
    public void Encode_AddedTokens_TakesTheLongestAndItsSpace()
    {
        JsonObject file = AnyByte(ByteLevel);
        file["added_tokens"] = JsonNode.Parse("""
            [{"id":600,"content":"<a>","special":true},{"id":601,"content":"<a><b>","special":false},
             {"id":602,"content":"<s>","special":true,"lstrip":true,"rstrip":true}]
            """);
        TokenizerModel tokenizer = Parse(file);

        Assert.Equal([601, 600, 'x', 602, 'y'], tokenizer.Encode("<a><b><a>x <s>\n y"));
        Assert.Equal("<a><b>xy", Decoding.All(tokenizer, tokenizer.Encode("<a><b><a>x <s>\n y")));
    }

    [Fact]
    public void Encode_LoneSurrogate_BecomesReplacementCharacter() =>
        Assert.Equal("a\uFFFDb", Decoding.All(TestFolders.TinyChatTokenizer, TestFolders.TinyChatTokenizer.Encode("a\uD83Db")));

    [Theory]
    [InlineData("/normalizer", """{"type":"Lowercase"}""", "normalizer.type", "Lowercase")]
    [InlineData("/model/type", "\"Unigram\"", "model.type", "Unigram")]
    [InlineData("/model/byte_fallback", "true", "model.byte_fallback", "byte-level BPE")]
    [InlineData("/model/dropout", "0.1", "model.dropout", "random")]
    [InlineData("/model/end_of_word_suffix", "\"</w>\"", "model.end_of_word_suffix", "byte-level BPE")]
    [InlineData("/model/unk_token", "\"<none>\"", "model.unk_token", "vocabulary")]
    [InlineData("/model/merges", """["a"]""", "model.merges[0]", "pair")]
    [InlineData("/model/merges", """["a zz"]""", "model.merges[0]", "zz")]
    [InlineData("/model/merges", "7", "model.merges", "list")]
    [InlineData("/model/vocab", "{}", "model.vocab", "empty")]
    [InlineData("/model/vocab", """{"a":-1}""", "model.vocab[a]", "-1")]
    [InlineData("/model/vocab", """{"a":1e99}""", "model.vocab[a]", "1e99")]
    [InlineData("/model/vocab", "null", "model.vocab", "missing")]
    [InlineData("/decoder", """{"type":"Metaspace"}""", "decoder.type", "Metaspace")]
    [InlineData("/pre_tokenizer", "null", "pre_tokenizer", "missing")]
    [InlineData("/pre_tokenizer", """{"type":"Metaspace"}""", "pre_tokenizer.type", "Metaspace")]
    [InlineData("/pre_tokenizer", """{"type":"Sequence","pretokenizers":[]}""", "pre_tokenizer", "ByteLevel")]
    [InlineData("/pre_tokenizer", """{"type":"ByteLevel","add_prefix_space":true}""", "pre_tokenizer.add_prefix_space", "not supported")]
    [InlineData("/pre_tokenizer", """{"type":"Split","behavior":"MergedWithNext","pattern":{"Regex":"a"}}""", "pre_tokenizer.behavior", "MergedWithNext")]
    [InlineData("/pre_tokenizer", """{"type":"Split","behavior":"Isolated","pattern":{"Regex":"a("}}""", "pre_tokenizer.pattern.Regex", "pattern")]
    [InlineData("/pre_tokenizer", """{"type":"Split","behavior":"Isolated","pattern":{"Regex":"[😀]"}}""", "pre_tokenizer.pattern.Regex", "U+FFFF")]
    [InlineData("/added_tokens", """[{"id":1,"content":""}]""", "added_tokens[0].content", "empty")]
    [InlineData("/added_tokens", """[{"id":1,"content":"x","single_word":true}]""", "added_tokens[0].single_word", "'x'")]
    [InlineData("/added_tokens", """[{"content":"x"}]""", "added_tokens[0].id", "missing")]
    [InlineData("/added_tokens", "3", "added_tokens", "list")]
    public void Parse_Unsupported_NamesFileAndField(string place, string value, string field, string mention)
    {
        JsonObject file = AnyByte(ByteLevel);
        string[] path = place[1..].Split('/');
        JsonNode parent = path.Length == 1 ? file : file[path[0]]!;
        parent[path[^1]] = JsonNode.Parse(value);

        ModelFolderException exception = Assert.Throws<ModelFolderException>(() => Parse(file));

        Assert.Equal("tokenizer.json", exception.File);
        Assert.Equal(field, exception.Field);
        Assert.Contains("tokenizer.json", exception.Message, StringComparison.Ordinal);
        Assert.Contains(mention, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_DamagedBytes_ThrowsOnlyModelFolderException()
    {
        byte[] original = File.ReadAllBytes(Path.Combine(TestFolders.TinyChat, "tokenizer.json"));
        var random = new Random(20251121);
        for (int i = 0; i < 150; i++)
        {
            byte[] damaged = Damage.Randomly(original, random);
            Exception? exception = Record.Exception(() => TokenizerFile.Parse("tokenizer.json", damaged).Encode("What is 15 + 62? 😀"));
            Assert.True(exception is null or ModelFolderException, $"{i}: {exception}");
        }
    }

    private static TokenizerModel Parse(JsonObject file) => TokenizerFile.Parse("tokenizer.json", Encoding.UTF8.GetBytes(file.ToJsonString()));

    /// <summary>A tokenizer whose vocabulary is the bytes, each with its own value as id.</summary>
    private static JsonObject AnyByte(string preTokenizer)
    {
        var vocabulary = new JsonObject();
        for (int value = 0; value < 256; value++)
        {
            vocabulary.Add(ByteAlphabet.CharacterOf((byte)value).ToString(), value);
        }

        return new JsonObject
        {
            ["pre_tokenizer"] = JsonNode.Parse(preTokenizer),
            ["decoder"] = JsonNode.Parse("""{"type":"ByteLevel"}"""),
            ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = vocabulary, ["merges"] = new JsonArray() },
        };
    }
}
