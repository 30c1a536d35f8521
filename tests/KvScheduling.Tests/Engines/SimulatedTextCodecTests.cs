namespace KvScheduling.Tests;

public class SimulatedTextCodecTests
{
    private readonly ITextCodec _codec = SimulatedTextCodec.Instance;

    [Theory]
    [InlineData("")]
    [InlineData("What is 15 + 62?")]
    [InlineData("The queue waits. A step")]
    [InlineData("Grüße, 世界 👋🏽!")]
    [InlineData("xCache <|im_st <b>")]
    public void Decode_OfEncoded_IsTheText(string text) => Assert.Equal(text, _codec.Decode(_codec.Encode(text)));

    [Fact]
    public void Encode_SpecialTokens_AreOneTokenEachAndHidden()
    {
        int[] tokens = _codec.Encode("<|im_start|>a<|im_end|><|endoftext|>");
        Assert.Equal(4, tokens.Length);
        Assert.Equal("a", _codec.Decode(tokens));
    }

    [Fact]
    public void Encode_LoneSurrogate_IsAReplacementCharacter() => Assert.Equal("a\uFFFDb", _codec.Decode(_codec.Encode("a\uD800b")));

    [Fact]
    public void Decode_CharacterInParts_ComesWhole()
    {
        ITokenDecoder decoder = _codec.CreateDecoder();
        Assert.True(decoder.Append(0xE2).IsEmpty);
        Assert.True(decoder.Append(0x82).IsEmpty);
        Assert.Equal("€", decoder.Append(0xAC).ToString());
        Assert.True(decoder.Append(0xE2).IsEmpty);
        Assert.Equal("\uFFFD", decoder.Flush().ToString());
        Assert.True(decoder.Flush().IsEmpty);
    }

    [Fact]
    public void Encode_OfAnOutput_IsTheOutput()
    {
        using SimulatedDriver driver = new();
        for (int i = 0; i < 50; i++)
        {
            List<int> output = driver.Generate(0, SimulatedDriver.Prompt(30, i));
            string text = _codec.Decode([.. output]);
            Assert.Equal(output, _codec.Encode(text));
            Assert.Matches("^[A-Z][a-z]*( [A-Za-z]+\\.?)*\\.$", text);
        }
    }

    [Fact]
    public void ApplyChatTemplate_Conversation_IsChatMl()
    {
        string text = _codec.ApplyChatTemplate("""[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"}]""", null, addGenerationPrompt: true);
        Assert.Equal("<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n", text);
    }

    [Fact]
    public void ApplyChatTemplate_ToolsAndCalls_ArePartOfThePrompt()
    {
        string text = _codec.ApplyChatTemplate(
            """[{"role":"assistant","tool_calls":[{"name":"add"}]},{"role":"tool","content":"3"}]""", """[{"type":"function"}]""", addGenerationPrompt: false);
        string[] turns =
        [
            "<|im_start|>system\n[{\"type\":\"function\"}]<|im_end|>\n",
            "<|im_start|>assistant\n[{\"name\":\"add\"}]<|im_end|>\n",
            "<|im_start|>tool\n3<|im_end|>\n",
        ];
        Assert.Equal(string.Concat(turns), text);
    }

    [Fact]
    public void EncodeUserMessage_TextWithQuotes_IsTheTemplateOfOneMessage()
    {
        const string text = "Say \"hi\"\n世界";
        string expected = _codec.ApplyChatTemplate("[{\"role\":\"user\",\"content\":\"Say \\\"hi\\\"\\n世界\"}]", null, addGenerationPrompt: true);
        Assert.Contains(text, expected, StringComparison.Ordinal);
        Assert.Equal(_codec.Encode(expected), _codec.EncodeUserMessage(text));
    }
}
