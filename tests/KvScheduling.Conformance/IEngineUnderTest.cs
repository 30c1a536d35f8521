namespace KvScheduling.Conformance;

/// <summary>What an engine brings to be tested: a way to build it, and cases for its model.</summary>
/// <remarks>
/// An engine's test project derives one class from <see cref="EngineConformanceTests"/> and one from <see cref="ScheduledConformanceTests"/>, each with an
/// object of this interface:
/// <code>
/// public sealed class MyEngineConformance() : EngineConformanceTests(new MyEngineUnderTest());
/// public sealed class MyScheduledConformance() : ScheduledConformanceTests(new MyEngineUnderTest());
///
/// internal sealed class MyEngineUnderTest : IEngineUnderTest
/// {
/// public IInferenceEngine CreateEngine(EngineSize size) => new MyEngine(GoldenCases.TinyChatFolder, size.KvCapacityTokens, size.MaxSequences,
/// size.MaxStepTokens);
///     public IReadOnlyList&lt;ConformanceCase&gt; Cases => GoldenCases.TinyChat;
/// }
/// </code>
/// </remarks>
public interface IEngineUnderTest
{
    /// <summary>
    /// Prompts for the engine's model. Several with at most 160 prompt tokens and 80 output tokens; at least one with an expected output; all with one
    /// prompt's block or more.
    /// </summary>
    IReadOnlyList<ConformanceCase> Cases { get; }

    /// <summary>Builds an engine.</summary>
    /// <param name="size">Its size. The KV capacity is exact up to whole blocks; the others are the least it must have.</param>
    IInferenceEngine CreateEngine(EngineSize size);

    /// <summary>Looks at an engine after a scheduler has used and disposed of it: whether its contract was kept.</summary>
    void AssertWell(IInferenceEngine engine)
    {
    }
}
