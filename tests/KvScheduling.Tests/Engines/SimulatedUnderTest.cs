using KvScheduling.Conformance;

namespace KvScheduling.Tests;

/// <summary>Simulated engines for the conformance suite.</summary>
internal class SimulatedUnderTest : IEngineUnderTest
{
    private readonly Action<SimulatedEngineOptions> _configure;

    public SimulatedUnderTest(Action<SimulatedEngineOptions> configure) => _configure = configure;

    public IReadOnlyList<ConformanceCase> Cases { get; } =
    [
        .. Enumerable.Range(0, 16).Select(static i => new ConformanceCase($"sim-{i}", SimulatedDriver.Prompt(20 + (i * 8), i), 40)),
        new ConformanceCase(
            "golden-1",
            [1, 2, 3],
            40,
            [
                402, 495, 299, 263, 319, 319, 455, 371, 448, 345, 511, 451, 283,
                479, 359, 411, 351, 336, 297, 419, 387, 339, 355, 483, 475, 439, 488,
            ]),
        new ConformanceCase(
            "golden-2",
            [257, 117, 115, 101, 114, 10, 72, 105, 258],
            40,
            [
                506, 331, 467, 339, 415, 507, 507, 359, 396, 337, 343, 503, 295, 507,
                303, 399, 295, 328, 297, 499, 395, 499, 407, 511, 327, 331, 268, 300,
            ]),
        new ConformanceCase("long", SimulatedDriver.Prompt(900, 99), 40),
    ];

    public IInferenceEngine CreateEngine(EngineSize size)
    {
        SimulatedEngineOptions options = new()
        {
            KvCapacityTokens = size.KvCapacityTokens,
            MaxSequences = size.MaxSequences,
            MaxStepTokens = size.MaxStepTokens,
            MaxContextTokens = 1024,
            TypicalOutputTokens = 20,
            CostModel = UnitCostModel.Free,
        };
        _configure(options);
        return new SimulatedEngine(options);
    }

    public void AssertWell(IInferenceEngine engine) => Assert.Null(((SimulatedEngine)engine).ContractBreach);
}

internal sealed class FullSimulatedUnderTest() : SimulatedUnderTest(static _ => { });

/// <summary>Any demand above the capacity is the scheduler's fault.</summary>
internal sealed class StrictSimulatedUnderTest() : SimulatedUnderTest(static options => options.ThrowWhenOverCapacity = true);

/// <summary>Holds at a price, and continues parked sequences only.</summary>
internal sealed class SoftSimulatedUnderTest() : SimulatedUnderTest(static options =>
    (options.Hold, options.PrefixReuse) = (HoldSupport.Soft, PrefixReuse.Continue));

/// <summary>Whole prompts, no holding, no sharing: the least an engine can do.</summary>
internal sealed class PlainSimulatedUnderTest() : SimulatedUnderTest(static options =>
    (options.Hold, options.PrefixReuse, options.SupportsChunkedPrefill) = (HoldSupport.None, PrefixReuse.None, false));

/// <summary>Blocks of one token, as an engine without paging has.</summary>
internal sealed class UnpagedSimulatedUnderTest() : SimulatedUnderTest(static options => options.BlockTokens = 1);
