namespace KvScheduling.ManagedEngine.Tests;

public sealed class GoldenModelTests
{
    private static readonly GoldenCase[] TinyChat = Golden.Load(Path.Combine(TestFolders.TinyChat, "golden.json"));

    [Fact]
    public void Step_TinyChatSolo_GivesEveryGoldenOutputAndItsEnd()
    {
        using TransformerModel model = ModelRun.LoadTinyChat();
        foreach (GoldenCase c in TinyChat)
        {
            int[] tokens = ModelRun.Decode(model, c.Prompt, c.Output.Length + 1).Tokens;
            Assert.Equal(c.Output, tokens[..^1]);
            Assert.Contains(tokens[^1], model.Config.EndTokens);
        }
    }
}
