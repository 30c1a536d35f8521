using KvScheduling.Conformance;

namespace KvScheduling.ManagedEngine.Tests;

/// <summary>The managed engine with the bundled model, for the conformance suite.</summary>
internal sealed class TinyChatUnderTest : IEngineUnderTest
{
    public IReadOnlyList<ConformanceCase> Cases => GoldenCases.TinyChat;

    public IInferenceEngine CreateEngine(EngineSize size)
    {
        ArgumentNullException.ThrowIfNull(size);
        return ManagedEngine.Load(
            GoldenCases.TinyChatFolder,
            new ManagedEngineOptions { KvCapacityTokens = size.KvCapacityTokens, MaxSequences = size.MaxSequences, MaxStepTokens = size.MaxStepTokens });
    }
}
