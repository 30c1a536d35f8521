using KvScheduling.ManagedEngine.Tests.Weights;

namespace KvScheduling.ManagedEngine.Tests.Text;

public sealed class ChatTemplateFileTests
{
    [Fact]
    public void Open_NamedTemplates_TakesTheDefault()
    {
        using var folder = new TemporaryFolder();
        folder.Write("tokenizer_config.json", """
            {"chat_template":[{"name":"tool_use","template":"T"},{"name":"default","template":"D{{ bos_token }}"}],
             "bos_token":{"content":"<b>"},"eos_token":null}
            """);

        ChatTemplate template = ChatTemplateFile.Open(folder.Path, null, TimeProvider.System)!;

        Assert.Equal("D<b>", template.Render("[]", null, true));
        Assert.Equal("D{{ bos_token }}", template.Text);
    }

    [Fact]
    public void Open_TemplateInItsOwnFile_ComesBeforeTheConfiguration()
    {
        using var folder = new TemporaryFolder();
        folder.Write("tokenizer_config.json", """{"chat_template":"config","bos_token":"<b>"}""");
        folder.Write("chat_template.jinja", "file {{ bos_token }}");

        Assert.Equal("file <b>", ChatTemplateFile.Open(folder.Path, null, TimeProvider.System)!.Render("[]", null, true));
    }

    [Fact]
    public void Open_Override_ComesBeforeEverything()
    {
        using var folder = new TemporaryFolder();
        folder.Write("chat_template.jinja", "{% include 'unsupported' %}");

        Assert.Equal("mine", ChatTemplateFile.Open(folder.Path, "mine", TimeProvider.System)!.Render("[]", null, true));
        NotSupportedException exception = Assert.Throws<NotSupportedException>(() => ChatTemplateFile.Open(folder.Path, null, TimeProvider.System));
        Assert.Contains("chat_template.jinja", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_NoTemplate_IsRefusedWhenItIsNeeded()
    {
        using var folder = new TemporaryFolder();
        File.Copy(Path.Combine(TestFolders.TinyChat, "tokenizer.json"), folder.File("tokenizer.json"));

        HfTextCodec codec = HfTextCodec.Open(folder.Path, null, TimeProvider.System)!;

        Assert.Null(codec.ChatTemplate);
        Assert.NotEmpty(codec.Encode("Hi"));
        NotSupportedException exception = Assert.Throws<NotSupportedException>(() => codec.ApplyChatTemplate("[]", null, true));
        Assert.Contains("ChatTemplateOverride", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"chat_template":7}""", "chat_template")]
    [InlineData("""{"chat_template":[{"name":"default"}]}""", "chat_template.template")]
    [InlineData("""{"bos_token":7}""", "bos_token")]
    public void Open_DamagedConfiguration_NamesFileAndField(string config, string field)
    {
        using var folder = new TemporaryFolder();
        folder.Write("tokenizer_config.json", config);

        ModelFolderException exception = Assert.Throws<ModelFolderException>(() => ChatTemplateFile.Open(folder.Path, null, TimeProvider.System));

        Assert.EndsWith("tokenizer_config.json", exception.File, StringComparison.Ordinal);
        Assert.Equal(field, exception.Field);
    }

    [Fact]
    public void ApplyChatTemplate_ArgumentsAsText_RenderAsTheObjectTheyAre()
    {
        HfTextCodec codec = HfTextCodec.Open(TestFolders.TinyChat, null, TimeProvider.System)!;
        static string Call(string arguments) =>
            """[{"role":"assistant","content":"","tool_calls":[{"id":"1","type":"function","function":{"name":"add","arguments":ARGUMENTS}}]}]"""
                .Replace("ARGUMENTS", arguments, StringComparison.Ordinal);

        string fromText = codec.ApplyChatTemplate(Call("\"{\\\"a\\\":1,\\\"b\\\":2.0}\""), null, false);

        Assert.Equal(codec.ApplyChatTemplate(Call("""{"a":1,"b":2.0}"""), null, false), fromText);
        Assert.Contains("""{"name": "add", "arguments": {"a": 1, "b": 2.0}}""", fromText, StringComparison.Ordinal);
        Assert.Contains("\"arguments\": not json}", codec.ApplyChatTemplate(Call("\"not json\""), null, false), StringComparison.Ordinal);
    }
}
