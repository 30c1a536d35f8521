using KvScheduling.Conformance;
using Xunit.Sdk;

namespace KvScheduling.Tests;

/// <summary>The suite itself: engines that do not do what they say must fail it.</summary>
public class ConformanceSuiteTests
{
    [Fact]
    public void Resume_EngineThatOnlyClaimsIt_Fails()
    {
        Liar engine = new(static options => options.SupportsExactResume = false, static description => description with { SupportsExactResume = true });
        Assert.ThrowsAny<XunitException>(new Suite(engine).Resume_AfterEveryToken_EqualsSolo);
        Assert.ThrowsAny<XunitException>(new Suite(engine).Resume_AgainAndAgainInABatch_EqualsSolo);
    }

    [Fact]
    public void Hold_EngineThatOnlyClaimsIt_Fails()
    {
        Liar engine = new(
            static options => (options.Hold, options.PrefixReuse) = (HoldSupport.None, PrefixReuse.None),
            static description => description with { Hold = HoldSupport.Free });
        Assert.ThrowsAny<Exception>(new Suite(engine).Hold_AtRandom_EqualsSolo);
    }

    [Fact]
    public void Chunks_EngineThatOnlyClaimsThem_Fails()
    {
        Liar engine = new(static options => options.SupportsChunkedPrefill = false, static description => description with { SupportsChunkedPrefill = true });
        Assert.ThrowsAny<Exception>(() => new Suite(engine).Chunks_OfAnySize_EqualWholePrompt(7));
    }

    [Fact]
    public void Batch_EngineWhoseTokensDependOnTheBatch_Fails()
    {
        Liar engine = new(static _ => { }, static description => description) { BatchChangesTokens = true };
        Assert.ThrowsAny<XunitException>(new Suite(engine).Batch_StaggeredStarts_EqualSolo);
        Assert.ThrowsAny<XunitException>(new Suite(engine).Batch_SameCaseInEverySlot_EqualsSolo);
        Assert.ThrowsAny<XunitException>(new Suite(engine).Remove_OthersAtAnyTime_ChangesNothing);
    }

    [Fact]
    public void Description_EngineWithPartOfABlock_Fails()
    {
        Liar engine = new(static _ => { }, static description => description with { KvCapacityTokens = description.KvCapacityTokens + 1 });
        Assert.ThrowsAny<XunitException>(new Suite(engine).Description_OfAnyEngine_IsSane);
    }

    /// <summary>Not public, so that it does not run by itself.</summary>
#pragma warning disable xUnit1000
    private sealed class Suite(IEngineUnderTest target) : EngineConformanceTests(target);
#pragma warning restore xUnit1000

    private sealed class Liar(Action<SimulatedEngineOptions> configure, Func<EngineDescription, EngineDescription> describe) : IEngineUnderTest
    {
        private readonly SimulatedUnderTest _honest = new(configure);

        public bool BatchChangesTokens { get; init; }

        public IReadOnlyList<ConformanceCase> Cases => _honest.Cases;

        public IInferenceEngine CreateEngine(EngineSize size) => new LyingEngine(_honest.CreateEngine(size), describe, BatchChangesTokens);
    }

    private sealed class LyingEngine(IInferenceEngine inner, Func<EngineDescription, EngineDescription> describe, bool batchChangesTokens) : DelegatingInferenceEngine(inner)
    {
        public override EngineDescription Description { get; } = describe(inner.Description);

        public override int RunStep(ReadOnlySpan<StepItem> plan, Span<StepEvent> events)
        {
            int count = Inner.RunStep(plan, events);
            if (batchChangesTokens && count > 2 && events[0].Token != StepEvent.NoToken)
            {
                events[0] = events[0] with { Token = (events[0].Token + 4) % 256 };
            }

            return count;
        }
    }
}
