using System.Text;

namespace KvScheduling.OnnxGenAI.Tests;

/// <summary>Text to tokens and back by the native tokenizer.</summary>
public sealed class TextCodecTests
{
    private static ITextCodec Codec => TestModels.Flat.TextCodec!;

    [NativeFact]
    public void Encode_GoldenPrompts_GivesTheirIds()
    {
        foreach (GoldenCase golden in GoldenCases.TinyChat)
        {
            Assert.Equal(golden.Prompt, Codec.Encode(golden.Rendered!));
        }
    }

    [NativeFact]
    public void ApplyChatTemplate_GoldenMessagesAndTools_GivesTheirPrompts()
    {
        foreach (GoldenCase golden in GoldenCases.TinyChat)
        {
            Assert.Equal(golden.Rendered, Codec.ApplyChatTemplate(golden.Messages!, golden.Tools, addGenerationPrompt: true));
        }
    }

    [NativeFact]
    public void Decoder_GoldenOutputs_GivesTheirTexts()
    {
        foreach (GoldenCase golden in GoldenCases.TinyChat)
        {
            Assert.Equal(golden.Text, Decode(golden.Output));
        }
    }

    [NativeTheory]
    [InlineData("")]
    [InlineData(" leading and trailing ")]
    [InlineData("Grüße, 世界! 👩‍🚀 𝄞 é\n\ttab")]
    [InlineData("<tool_call>\n{\"name\": \"add\"}\n</tool_call>")]
    public void Decoder_AnyText_ComesBack(string text) => Assert.Equal(text, Decode(Codec.Encode(text)));

    [NativeFact]
    public void Append_BytesOfOneCharacter_GivesItWhole()
    {
        ITokenDecoder decoder = Codec.CreateDecoder();
        int[] bytes = ByteTokens("😀");
        Assert.Equal(4, bytes.Length);
        foreach (int token in bytes[..3])
        {
            Assert.Equal(string.Empty, decoder.Append(token).ToString());
        }

        Assert.Equal("😀", decoder.Append(bytes[3]).ToString());
        Assert.Equal(string.Empty, decoder.Flush().ToString());
    }

    [NativeFact]
    public void Flush_CharacterNotComplete_GivesReplacement()
    {
        ITokenDecoder decoder = Codec.CreateDecoder();
        Assert.Equal("a", decoder.Append(Codec.Encode("a")[0]).ToString());
        decoder.Append(ByteTokens("é")[0]);
        Assert.Equal("\uFFFD", decoder.Flush().ToString());
        Assert.Equal(string.Empty, decoder.Flush().ToString());
    }

    [NativeFact]
    public void Append_BrokenBytesThenText_GivesTheTextWhole()
    {
        ITokenDecoder decoder = Codec.CreateDecoder();
        StringBuilder text = new();
        int lead = ByteTokens("😀")[0];
        foreach (int token in (int[])[lead, lead, lead, lead, lead, .. ByteTokens("😀"), .. Codec.Encode("ok")])
        {
            text.Append(decoder.Append(token));
        }

        text.Append(decoder.Flush());
        Assert.Equal("\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD😀ok", text.ToString());
    }

    [NativeFact]
    public void Append_HiddenSpecialTokens_GiveNothing()
    {
        ITokenDecoder decoder = Codec.CreateDecoder();
        foreach (int token in (int[])[2, 0, 3, 1, 2, 2])
        {
            Assert.Equal(string.Empty, decoder.Append(token).ToString());
        }

        int[] bytes = ByteTokens("€");
        Assert.Equal(string.Empty, decoder.Append(bytes[0]).ToString());
        Assert.Equal(string.Empty, decoder.Append(bytes[1]).ToString());
        Assert.Equal("€", decoder.Append(bytes[2]).ToString());
    }

    /// <summary>The decoder for vocabularies that are not byte-level, on a model whose texts are known.</summary>
    [NativeFact]
    public void NativeDecoder_GoldenOutputs_GivesTheirTexts()
    {
        foreach (GoldenCase golden in GoldenCases.TinyChat)
        {
            Assert.Equal(golden.Text, Decode(golden.Output, new NativeTokenDecoder((OnnxTextCodec)Codec)));
        }
    }

    [NativeFact]
    public void NativeDecoder_UnfinishedAndBrokenBytes_LosesNoTextBehindThem()
    {
        int lead = ByteTokens("😀")[0];
        NativeTokenDecoder decoder = new((OnnxTextCodec)Codec);
        Assert.Equal("é😀ok", Decode([.. ByteTokens("é"), .. ByteTokens("😀"), .. Codec.Encode("ok")], decoder));
        string broken = Decode([lead, lead, lead, lead, lead, .. ByteTokens("😀"), .. Codec.Encode("ok")], decoder);
        Assert.StartsWith("\uFFFD", broken, StringComparison.Ordinal);
        Assert.EndsWith("😀ok", broken, StringComparison.Ordinal);
        Assert.Equal("a\uFFFD", Decode([.. Codec.Encode("a"), lead], decoder));
    }

    [NativeFact]
    public void Encode_TextWithNul_DropsNothingBehindIt() => Assert.Equal("a\uFFFDb", Decode(Codec.Encode("a\0b")));

    [NativeFact]
    public void ApplyChatTemplate_ContentWithNul_DropsNothingBehindIt()
    {
        string prompt = Codec.ApplyChatTemplate("""[{"role":"user","content":"a\u0000b \\u0000 c"}]""", null, addGenerationPrompt: true);
        Assert.Equal("<|im_start|>user\na\uFFFDb \\u0000 c<|im_end|>\n<|im_start|>assistant\n", prompt);
    }

    [NativeTheory]
    [InlineData("{\"role\":\"user\"}")]
    [InlineData("not json")]
    public void ApplyChatTemplate_NotAnArray_IsRefused(string messages) =>
        Assert.Throws<ArgumentException>(() => Codec.ApplyChatTemplate(messages, null, addGenerationPrompt: true));

    [NativeFact]
    public void ApplyChatTemplate_TemplateThatPrintsToolsWhole_GetsThemUnchanged()
    {
        string folder = TestFolders.CopyOf(TestFolders.TinyChatOnnx("flat"));
        File.WriteAllText(Path.Combine(folder, "chat_template.jinja"), "{%- for tool in tools %}{{ tool | tojson }}{%- endfor %}|{{ messages[0].content }}");
        using OnnxGenAIModel model = TestModels.LoadFolder(folder);
        string tools = """[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object","properties":{"x":{"type":"string","enum":["a","b"]}},"required":["x"]}}}]""";
        string prompt = model.TextCodec!.ApplyChatTemplate("""[{"role":"user","content":"hi"}]""", tools, addGenerationPrompt: false);
        Assert.EndsWith("|hi", prompt, StringComparison.Ordinal);
        Assert.Contains("\"enum\"", prompt, StringComparison.Ordinal);
        Assert.Contains("\"required\"", prompt, StringComparison.Ordinal);
        Assert.DoesNotContain("tool.function", prompt, StringComparison.Ordinal);
    }

    [NativeFact]
    public void ApplyChatTemplate_TemplateThatRaises_SaysWhyAndTheWayOut()
    {
        string folder = TestFolders.CopyOf(TestFolders.TinyChatOnnx("flat"));
        File.WriteAllText(Path.Combine(folder, "chat_template.jinja"), "{{ raise_exception('roles must alternate') }}");
        using OnnxGenAIModel model = TestModels.LoadFolder(folder);
        NotSupportedException error = Assert.Throws<NotSupportedException>(() => model.TextCodec!.ApplyChatTemplate("[]", null, addGenerationPrompt: true));
        Assert.Contains("roles must alternate", error.Message, StringComparison.Ordinal);
    }

    [NativeFact]
    public void ApplyChatTemplate_NoTemplate_SaysSo()
    {
        string folder = TestFolders.CopyOf(TestFolders.TinyChatOnnx("flat"));
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), """{"tokenizer_class":"Qwen2Tokenizer"}""");
        using OnnxGenAIModel model = TestModels.LoadFolder(folder);
        Assert.Null(model.TextCodec!.ChatTemplate);
        Assert.Throws<NotSupportedException>(() => model.TextCodec.ApplyChatTemplate("[]", null, addGenerationPrompt: true));
    }

    [NativeFact]
    public void Codec_OnManyThreads_StaysExact()
    {
        GoldenCase[] cases = [.. GoldenCases.Short(12)];
        Parallel.For(0, 200, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i =>
        {
            GoldenCase golden = cases[i % cases.Length];
            Assert.Equal(golden.Rendered, Codec.ApplyChatTemplate(golden.Messages!, golden.Tools, addGenerationPrompt: true));
            Assert.Equal(golden.Prompt, Codec.Encode(golden.Rendered!));
            Assert.Equal(golden.Text, Decode(golden.Output));
        });
    }

    /// <summary>The tokens of single bytes: in this vocabulary they follow the eight special tokens, in the order of the byte symbols.</summary>
    private static int[] ByteTokens(string text) => [.. Encoding.UTF8.GetBytes(text).Select(static value => 8 + Array.IndexOf(ByteOrder, value))];

    private static readonly byte[] ByteOrder =
    [
        .. Enumerable.Range(0, 256).Where(IsPrintable).Select(static value => (byte)value),
        .. Enumerable.Range(0, 256).Where(static value => !IsPrintable(value)).Select(static value => (byte)value),
    ];

    private static bool IsPrintable(int value) => value is (>= 33 and <= 126) or (>= 161 and <= 172) or >= 174;

    private static string Decode(int[] tokens) => Decode(tokens, Codec.CreateDecoder());

    private static string Decode(int[] tokens, ITokenDecoder decoder)
    {
        StringBuilder text = new();
        foreach (int token in tokens)
        {
            text.Append(decoder.Append(token));
        }

        return text.Append(decoder.Flush()).ToString();
    }
}
