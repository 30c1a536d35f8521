using System.Text;
using System.Text.Json;

namespace KvScheduling.ManagedEngine.Tests.Text;

public sealed class TokenizerGoldenTests
{
    [Fact]
    public void Encode_TinyChatGoldenPrompts_GivesTheirTokens()
    {
        TokenizerModel tokenizer = TokenizerFile.Read(Path.Combine(TestFolders.TinyChat, "tokenizer.json"));
        JsonElement[] cases = [.. TestFolders.Golden(TestFolders.TinyChat).GetProperty("cases").EnumerateArray()];

        Assert.Equal(86, cases.Length);
        Assert.All(cases, golden => Assert.Equal(golden.Tokens("prompt_ids"), tokenizer.Encode(golden.GetProperty("prompt").GetString()!)));
    }

    [Fact]
    public void Decode_TinyChatGoldenOutputs_GivesTheirText()
    {
        TokenizerModel tokenizer = TokenizerFile.Read(Path.Combine(TestFolders.TinyChat, "tokenizer.json"));

        Assert.All(
            TestFolders.Golden(TestFolders.TinyChat).GetProperty("cases").EnumerateArray(),
            golden => Assert.Equal(golden.GetProperty("output_text").GetString(), Decode(tokenizer, golden.Tokens("output_ids"))));
    }

    [SharedFact("smollm2-135m")]
    public void Decode_SmolLMGoldenOutputs_GivesTheirText()
    {
        string folder = TestFolders.Shared("smollm2-135m");
        TokenizerModel tokenizer = TokenizerFile.Read(Path.Combine(folder, "flat", "tokenizer.json"));
        JsonElement[] cases = [.. TestFolders.Golden(folder).GetProperty("cases").EnumerateArray()];

        Assert.Equal(12, cases.Length);
        Assert.All(cases, golden => Assert.Equal(golden.GetProperty("output_text").GetString(), Decode(tokenizer, golden.Tokens("output_ids"))));
    }

    private static string Decode(TokenizerModel tokenizer, int[] tokens)
    {
        var decoder = new HfTokenDecoder(tokenizer);
        var text = new StringBuilder();
        foreach (int token in tokens)
        {
            text.Append(decoder.Append(token));
        }

        return text.Append(decoder.Flush()).ToString();
    }
}
