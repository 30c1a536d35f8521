using Microsoft.Extensions.Options;

namespace KvScheduling.OnnxGenAI.Tests;

public sealed class EngineSettingsTests
{
    private static readonly Func<long> NoGpu = static () => throw new InvalidOperationException("No GPU was asked for.");

    [Fact]
    public void Resolve_NothingSet_TakesTheModelsConfig()
    {
        EngineSettings settings = Resolve("paged", new());
        Assert.True(settings.IsPaged);
        Assert.False(settings.IsCuda);
        Assert.Equal((16, 1024L, 64, 512, 512), (settings.BlockTokens, settings.BlockCount, settings.MaxSequences, settings.MaxStepTokens, settings.PrefillChunkTokens));
    }

    [Fact]
    public void Resolve_EverySettingSet_IsTaken()
    {
        EngineSettings settings = Resolve("paged", new() { KvTokens = 1000, BlockTokens = 32, MaxSequences = 7, MaxStepTokens = 70, PrefillChunkTokens = 9 });
        Assert.Equal((32, 31L, 7, 70, 9), (settings.BlockTokens, settings.BlockCount, settings.MaxSequences, settings.MaxStepTokens, settings.PrefillChunkTokens));
        Assert.Equal(992, settings.KvCapacityTokens);
    }

    [Fact]
    public void Resolve_Flat_HasOneContextPerSequenceAndNoBlocks()
    {
        EngineSettings settings = Resolve("flat", new() { MaxSequences = 3 });
        Assert.False(settings.IsPaged);
        Assert.Equal((1, 3L * 4096, 3), (settings.BlockTokens, settings.BlockCount, settings.MaxSequences));
        Assert.Equal(500, Resolve("flat", new() { KvTokens = 500 }).KvCapacityTokens);
    }

    [Fact]
    public void Resolve_KindThatTheModelIsNot_SaysWhy()
    {
        AssertRefused("flat", new() { Kind = OnnxGenAIEngineKind.Paged }, "use_paged_attention");
        AssertRefused("paged", new() { Kind = OnnxGenAIEngineKind.Flat }, "block tables");
    }

    [Fact]
    public void Resolve_StepSmallerThanTheBatchOfTheConfig_NamesBothOptions() => AssertRefused("paged", new() { MaxStepTokens = 64 }, "MaxStepTokens above MaxSequences");

    [Fact]
    public void Resolve_PoolBelowTwoBlocksOfTheConfig_NamesTheOption() => AssertRefused("paged", new() { KvTokens = 31 }, "KvTokens is 31");

    [Theory]
    [MemberData(nameof(OutOfRange))]
    public void Validate_OutOfRange_NamesOptionRangeAndValue(OnnxGenAIEngineOptions options, string expected)
    {
        ValidateOptionsResult result = new OnnxGenAIEngineOptionsValidator().Validate(null, options);
        Assert.Contains("OnnxGenAIEngineOptions." + expected, result.FailureMessage, StringComparison.Ordinal);
    }

    [Fact]
    public void Validate_Defaults_AreFine() => Assert.True(new OnnxGenAIEngineOptionsValidator().Validate(null, new()).Succeeded);

    public static TheoryData<OnnxGenAIEngineOptions, string> OutOfRange() => new()
    {
        { new() { DeviceId = -1 }, "DeviceId must be from 0 to 63, but is -1." },
        { new() { Threads = 0 }, "Threads must be from 1 to 1024, but is 0." },
        { new() { KvTokens = 1 }, "KvTokens must be at least 2, but is 1." },
        { new() { BlockTokens = 0 }, "BlockTokens must be from 1 to 65536, but is 0." },
        { new() { MaxSequences = 1025 }, "MaxSequences must be from 1 to 1024, but is 1025." },
        { new() { MaxStepTokens = 1 }, "MaxStepTokens must be from 2 to 1048576, but is 1." },
        { new() { PrefillChunkTokens = 0 }, "PrefillChunkTokens must be from 1 to 1048576, but is 0." },
        { new() { MaxSequences = 8, MaxStepTokens = 8 }, "MaxStepTokens (8) must be above MaxSequences (8)" },
        { new() { KvTokens = 60, BlockTokens = 32 }, "KvTokens (60) must hold at least two blocks of BlockTokens (32)." },
        { new() { Kind = (OnnxGenAIEngineKind)9 }, "Kind must be Auto, Paged or Flat, but is 9." },
        { new() { Provider = (OnnxGenAIProvider)9 }, "Provider must be Model, Cpu or Cuda, but is 9." },
        { new() { ModelFile = "../model.onnx" }, "ModelFile must be the name of a file" },
    };

    private static EngineSettings Resolve(string form, OnnxGenAIEngineOptions options) => EngineSettings.Resolve(ModelFolder.Read(TestFolders.TinyChatOnnx(form)), options, NoGpu);

    private static void AssertRefused(string form, OnnxGenAIEngineOptions options, string expected) =>
        Assert.Contains(expected, Assert.Throws<OnnxGenAIException>(() => Resolve(form, options)).Message, StringComparison.Ordinal);
}
