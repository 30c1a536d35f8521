namespace KvScheduling.OnnxGenAI.Bench;

/// <summary>The same requests for every column: short questions in the model's chat template.</summary>
internal static class Prompts
{
    private static readonly string[] Questions =
    [
        "What is the capital of France?", "Write one sentence about the sea.", "Name three colours.", "What is 12 + 30?",
        "Tell me about a train that was late.", "Why is the sky blue?", "Give me a word that rhymes with house.", "Describe a quiet garden in spring.",
    ];

    public static int[][] Create(ITextCodec codec, int count) =>
        [.. Enumerable.Range(0, count).Select(i => codec.Encode(codec.ApplyChatTemplate(
            $$"""[{"role":"user","content":"{{Questions[i % Questions.Length]}} This is question {{i + 1}}."}]""", null, addGenerationPrompt: true)))];
}
