namespace KvScheduling.OnnxGenAI.Tests;

public sealed class LibraryGenerationTests
{
    private static readonly string[] Current =
    [
        "OgaCreateModelFromConfig", "OgaEngineRun", "OgaEngineCreateRequest", "OgaTurnOptionsReset", "OgaTurnOptionsSetDoSample", "OgaTurnOptionsClearSeed", "OgaEngineGetCapabilities",
        "OgaDestroyEngineCapabilities", "OgaEngineCapabilitiesGetMaxRequestLength", "OgaRequestRewindToStartOfTurn", "OgaEngineMaxDraftTokensPerProposal",
    ];

    [Fact]
    public void WhyRefused_CurrentRelease_IsAccepted() => Assert.Null(LibraryGeneration.WhyRefused(Current.Contains));

    [Fact]
    public void WhyRefused_StepApi_SaysSo() => AssertRefused(["OgaCreateModelFromConfig", "OgaEngineStep"], "Step API");

    [Fact]
    public void WhyRefused_NoEngine_SaysSo() => AssertRefused(["OgaCreateModelFromConfig"], "no batching engine");

    [Fact]
    public void WhyRefused_PreviewWithFourArguments_IsRefused() => AssertRefused([.. Current, "OgaTurnOptionsSetStopTokenIds"], "preview");

    [Fact]
    public void WhyRefused_ForeignLibrary_IsRefused() => AssertRefused(["OrtGetApiBase"], "not ONNX Runtime GenAI");

    [Fact]
    public void WhyRefused_AnyRequiredExportMissing_NamesIt()
    {
        foreach (string missing in Current.Skip(2))
        {
            AssertRefused([.. Current.Where(name => name != missing)], missing);
        }
    }

    private static void AssertRefused(string[] exports, string expected) => Assert.Contains(expected, LibraryGeneration.WhyRefused(exports.Contains), StringComparison.Ordinal);
}
