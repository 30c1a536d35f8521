using System.Text.Json;

namespace KvScheduling.ManagedEngine.Tests.Text;

public sealed class ChatTemplateGoldenTests
{
    [Fact]
    public void ApplyChatTemplate_TinyChatGoldenConversations_GivesTheirPrompts()
    {
        HfTextCodec codec = HfTextCodec.Open(TestFolders.TinyChat, null, TimeProvider.System)!;
        JsonElement[] cases = [.. TestFolders.Golden(TestFolders.TinyChat).GetProperty("cases").EnumerateArray()];

        Assert.Equal(86, cases.Length);
        Assert.All(cases, golden =>
        {
            JsonElement tools = golden.GetProperty("tools");
            string? toolsJson = tools.ValueKind == JsonValueKind.Null ? null : tools.GetRawText();
            string prompt = codec.ApplyChatTemplate(golden.GetProperty("messages").GetRawText(), toolsJson, addGenerationPrompt: true);
            Assert.Equal(golden.GetProperty("prompt").GetString(), prompt);
            Assert.Equal(golden.Tokens("prompt_ids"), codec.Encode(prompt));
        });
    }

    [SharedFact("smollm2-135m")]
    public void ApplyChatTemplate_SmolLMGoldenConversations_GivesTheirTokens()
    {
        string folder = TestFolders.Shared("smollm2-135m");
        HfTextCodec codec = HfTextCodec.Open(Path.Combine(folder, "flat"), null, TimeProvider.System)!;
        JsonElement[] cases = [.. TestFolders.Golden(folder).GetProperty("cases").EnumerateArray()];

        Assert.Equal(12, cases.Length);
        Assert.All(cases, golden =>
        {
            string prompt = codec.ApplyChatTemplate(golden.GetProperty("messages").GetRawText(), null, addGenerationPrompt: true);
            Assert.Equal(golden.Tokens("prompt_ids"), codec.Encode(prompt));
        });
    }

    [SharedFact("zoo")]
    public void ApplyChatTemplate_TemplateInItsOwnFile_IsFound()
    {
        HfTextCodec codec = HfTextCodec.Open(TestFolders.Shared("zoo/hf/qwen3"), null, TimeProvider.System)!;

        string prompt = codec.ApplyChatTemplate(
            """[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"}]""", null, addGenerationPrompt: true);

        Assert.Equal("<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n", prompt);
    }
}
