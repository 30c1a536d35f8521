using System.Text;
using System.Text.Json;

namespace KvScheduling.OnnxGenAI.Tests;

/// <summary>Outputs that must follow a JSON schema.</summary>
public sealed class GuidanceTests
{
    private const string Schema = """{"type":"object","properties":{"name":{"type":"string","maxLength":12},"age":{"type":"integer"}},"required":["name","age"],"additionalProperties":false}""";

    [NativeTheory]
    [InlineData("paged", 0f)]
    [InlineData("flat", 0f)]
    [InlineData("paged", 1.5f)]
    [InlineData("flat", 1.5f)]
    public void RunStep_WithSchema_GivesJsonOfThatSchema(string form, float temperature)
    {
        OnnxGenAIModel model = form == "paged" ? TestModels.Paged : TestModels.Flat;
        using IInferenceEngine engine = model.CreateEngine();
        Assert.True(engine.Description.SupportsGuidance);
        DrivenRequest request = Request(model, temperature);
        new EngineDriver(engine).Run([request]);
        AssertFollows(Text(model, request));
    }

    [NativeTheory]
    [InlineData("paged", 0f)]
    [InlineData("flat", 0f)]
    [InlineData("paged", 1.5f)]
    [InlineData("flat", 1.5f)]
    public void RunStep_WithSchemaEvictedAgainAndAgain_GivesWhatItGivesAlone(string form, float temperature)
    {
        OnnxGenAIModel model = form == "paged" ? TestModels.Paged : TestModels.Flat;
        using IInferenceEngine engine = model.CreateEngine();
        DrivenRequest alone = Request(model, temperature);
        new EngineDriver(engine).Run([alone]);
        DrivenRequest evicted = Request(model, temperature);
        EngineDriver driver = null!;
        driver = new EngineDriver(engine) { BeforeStep = _ => { if (evicted is { Slot: >= 0, Output.Count: > 0 } && evicted.Output.Count / 3 > evicted.Evictions) { driver.Evict(evicted); } } };
        driver.Run([evicted, .. GoldenCases.Short(4).Select(DrivenRequest.Of)]);
        Assert.True(evicted.Evictions > 1);
        Assert.Equal(alone.Output, evicted.Output);
    }

    [NativeTheory]
    [InlineData("paged")]
    [InlineData("flat")]
    public void Start_SchemaThatIsNone_IsRefusedWithTheReasonAndTheEngineIsWell(string form)
    {
        using IInferenceEngine engine = (form == "paged" ? TestModels.Paged : TestModels.Flat).CreateEngine();
        foreach (string schema in (string[])["not json", """{"type":"no-such-type"}"""])
        {
            EngineFaultException error = Assert.Throws<EngineFaultException>(() => engine.Start(new SequenceStart
            {
                Slot = 0,
                Prompt = [20, 21],
                MaxTotalTokens = 30,
                Sampling = SamplingSettings.Greedy,
                Constraint = new OutputConstraint(OutputConstraintKind.JsonSchema, schema),
            }));
            Assert.False(error.IsFatal);
        }

        Golden.RunAll(new EngineDriver(engine), GoldenCases.Short(3));
    }

    private static DrivenRequest Request(OnnxGenAIModel model, float temperature) => new(
        "guided",
        model.TextCodec!.Encode("<|im_start|>user\nWrite Eve, age 3 as JSON.<|im_end|>\n<|im_start|>assistant\n"),
        60,
        new SamplingSettings { Temperature = temperature, Seed = 42 },
        new OutputConstraint(OutputConstraintKind.JsonSchema, Schema));

    private static string Text(OnnxGenAIModel model, DrivenRequest request)
    {
        ITokenDecoder decoder = model.TextCodec!.CreateDecoder();
        StringBuilder text = new();
        foreach (int token in request.Output)
        {
            text.Append(decoder.Append(token));
        }

        return text.Append(decoder.Flush()).ToString();
    }

    private static void AssertFollows(string text)
    {
        using JsonDocument document = JsonDocument.Parse(text);
        Assert.Equal(JsonValueKind.String, document.RootElement.GetProperty("name").ValueKind);
        Assert.True(document.RootElement.GetProperty("age").TryGetDecimal(out _), text);
        Assert.Equal(2, document.RootElement.EnumerateObject().Count());
    }
}
