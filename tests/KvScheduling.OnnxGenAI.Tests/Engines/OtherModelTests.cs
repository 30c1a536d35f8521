using System.Text.Json;

namespace KvScheduling.OnnxGenAI.Tests;

/// <summary>Models beside the repository: other architectures, 4-bit weights, a real vocabulary.</summary>
public sealed class OtherModelTests
{
    [NativeTheory(Model = "zoo")]
    [InlineData("llama-fp32", 24)]
    [InlineData("mistral-fp32", 24)]
    [InlineData("qwen2-fp32", 24)]
    [InlineData("qwen3-fp32", 24)]
    [InlineData("gemma-fp32", 24)]

    // Their int8 activations round otherwise on other processors, which shows after a while.
    [InlineData("llama-int4", 8)]
    [InlineData("llama-untied-int4", 8)]
    [InlineData("qwen2-int4", 8)]
    public void RunStep_OfTheZoo_GivesGoldenOutputs(string name, int outputTokens)
    {
        string folder = Path.Combine(TestFolders.SharedModels!, "zoo", name);
        using OnnxGenAIModel model = TestModels.LoadFolder(folder);
        using IInferenceEngine engine = model.CreateEngine();
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "golden.json")));
        int[][] outputs = Ids(golden.RootElement.GetProperty("outputs"));
        DrivenRequest[] requests = [.. Ids(golden.RootElement.GetProperty("prompts")).Select((prompt, i) => new DrivenRequest("prompt " + i, prompt, outputTokens))];
        new EngineDriver(engine).Run(requests);
        Assert.Equal(outputs.Select(output => output.Take(outputTokens)), requests.Select(static request => request.Output));
    }

    [NativeFact(Model = "smollm2-135m")]
    public void RunStep_SmolLM2PagedAllAtOnce_GivesGoldenOutputs() => RunSmolLM2("paged", conversations: 12);

    [NativeFact(Model = "smollm2-135m")]
    public void RunStep_SmolLM2Flat_GivesGoldenOutputs() => RunSmolLM2("flat", conversations: 4);

    private static void RunSmolLM2(string form, int conversations)
    {
        string source = Path.Combine(TestFolders.SharedModels!, "smollm2-135m");
        using OnnxGenAIModel model = TestModels.LoadFolder(TestFolders.SmolLM2(form));
        using IInferenceEngine engine = model.CreateEngine();
        GoldenCase[] cases = [.. GoldenCases.Read(Path.Combine(source, "golden.json"), endsByDefault: false).Take(conversations)];
        foreach (GoldenCase golden in cases)
        {
            string prompt = model.TextCodec!.ApplyChatTemplate(golden.Messages!, null, addGenerationPrompt: true);
            Assert.Equal(golden.Prompt, model.TextCodec.Encode(prompt));
        }

        Golden.RunAll(new EngineDriver(engine), cases);
    }

    private static int[][] Ids(JsonElement lists) => [.. lists.EnumerateArray().Select(static list => list.EnumerateArray().Select(static id => id.GetInt32()).ToArray())];
}
