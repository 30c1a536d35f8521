using System.Text.Json;

namespace KvScheduling.ManagedEngine.Tests.Text;

public sealed class TokenizerGoldenTests
{
    [Fact]
    public void Encode_TinyChatGoldenPrompts_GivesTheirTokens()
    {
        TokenizerModel tokenizer = TestFolders.TinyChatTokenizer;
        JsonElement[] cases = [.. TestFolders.Golden(TestFolders.TinyChat).GetProperty("cases").EnumerateArray()];

        Assert.Equal(86, cases.Length);
        Assert.All(cases, golden => Assert.Equal(golden.Tokens("prompt_ids"), tokenizer.Encode(golden.GetProperty("prompt").GetString()!)));
    }

    [Fact]
    public void Decode_TinyChatGoldenOutputs_GivesTheirText()
    {
        TokenizerModel tokenizer = TestFolders.TinyChatTokenizer;

        Assert.All(
            TestFolders.Golden(TestFolders.TinyChat).GetProperty("cases").EnumerateArray(),
            golden => Assert.Equal(golden.GetProperty("output_text").GetString(), Decoding.All(tokenizer, golden.Tokens("output_ids"))));
    }

    [SharedFact("smollm2-135m")]
    public void Decode_SmolLMGoldenOutputs_GivesTheirText()
    {
        string folder = TestFolders.Shared("smollm2-135m");
        TokenizerModel tokenizer = TokenizerFile.Read(Path.Combine(folder, "flat", "tokenizer.json"));
        JsonElement[] cases = [.. TestFolders.Golden(folder).GetProperty("cases").EnumerateArray()];

        Assert.Equal(12, cases.Length);
        Assert.All(cases, golden => Assert.Equal(golden.GetProperty("output_text").GetString(), Decoding.All(tokenizer, golden.Tokens("output_ids"))));
    }
}
