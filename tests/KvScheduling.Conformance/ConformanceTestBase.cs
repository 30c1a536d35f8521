using System.Collections.Concurrent;

namespace KvScheduling.Conformance;

/// <summary>What both suites share: cases in sizes, and what each gives alone.</summary>
public abstract class ConformanceTestBase
{
    private const int QuickPromptTokens = 160;
    private const int QuickOutputTokens = 80;
    private static readonly ConcurrentDictionary<(Type Target, ConformanceCase Case), int[]> SoloOutputs = new();

    private protected ConformanceTestBase(IEngineUnderTest target)
    {
        Target = target;
        Quick = [.. target.Cases.Where(static test => test.Prompt.Length <= QuickPromptTokens && test.MaxOutputTokens <= QuickOutputTokens).Take(16)];
        Assert.True(Quick.Count >= 4, "The engine under test must bring at least four short cases.");
    }

    /// <summary>The engine under test.</summary>
    protected IEngineUnderTest Target { get; }

    /// <summary>Cases that are done quickly.</summary>
    protected IReadOnlyList<ConformanceCase> Quick { get; }

    /// <summary>A quick case whose prompt is long, its output included in a few blocks more.</summary>
    protected ConformanceCase LongPrompt => Quick.MaxBy(static test => test.Prompt.Length - (test.MaxOutputTokens / 2))!;

    /// <summary>The same case, sampled.</summary>
    protected static ConformanceCase Sampled(ConformanceCase test, long seed) =>
        test with
        {
            Name = $"{test.Name} with seed {seed}",
            ExpectedOutput = null,
            Sampling = new SamplingSettings { Temperature = 2, TopP = 0.98f, Seed = seed },
        };

    /// <summary>What a case gives alone on a fresh engine; what it is expected to give where that is known.</summary>
    protected int[] Solo(ConformanceCase test) => test.ExpectedOutput ?? SoloOutputs.GetOrAdd((Target.GetType(), test), _ =>
    {
        using EngineDriver driver = CreateDriver();
        return driver.Solo(test);
    });

    /// <summary>Asserts that a run gave what its case gives alone.</summary>
    protected void AssertSolo(SequenceRun run)
    {
        ArgumentNullException.ThrowIfNull(run);
        AssertOutput(run.Case, [.. run.Output]);
    }

    /// <summary>Asserts that an output is what its case gives alone.</summary>
    protected void AssertOutput(ConformanceCase test, int[] output)
    {
        ArgumentNullException.ThrowIfNull(test);
        int[] expected = Solo(test);
        Assert.True(
            expected.AsSpan().SequenceEqual(output),
            $"Case '{test.Name}' gave [{string.Join(' ', output)}] instead of [{string.Join(' ', expected)}].");
    }

    /// <summary>Builds an engine and drives it.</summary>
    protected EngineDriver CreateDriver(EngineSize? size = null) => new(Target.CreateEngine(size ?? new EngineSize()));
}
