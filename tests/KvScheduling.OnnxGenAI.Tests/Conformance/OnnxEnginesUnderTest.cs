using System.Collections.Concurrent;
using KvScheduling.Conformance;

namespace KvScheduling.OnnxGenAI.Tests;

/// <summary>tiny-chat behind an ONNX engine. A model is loaded once for each size, because pool and batch belong to the native model.</summary>
internal class OnnxEngineUnderTest(string form, bool sharePrefixes = false) : IEngineUnderTest
{
    private static readonly ConcurrentDictionary<(string Form, bool SharePrefixes, EngineSize Size), Lazy<OnnxGenAIModel>> Models = new();

    public virtual IReadOnlyList<ConformanceCase> Cases => Conformance.GoldenCases.TinyChat;

    public IInferenceEngine CreateEngine(EngineSize size) =>
        Models.GetOrAdd((form, sharePrefixes, size), key => new Lazy<OnnxGenAIModel>(() => TestModels.Load(key.Form, options =>
        {
            options.KvTokens = key.Size.KvCapacityTokens;
            options.MaxSequences = key.Size.MaxSequences;
            options.MaxStepTokens = key.Size.MaxStepTokens;
            options.SharePrefixes = key.SharePrefixes;
        }))).Value.CreateEngine();
}

internal sealed class PagedUnderTest() : OnnxEngineUnderTest("paged");

internal sealed class PagedSharingUnderTest() : OnnxEngineUnderTest("paged", sharePrefixes: true)
{
    public override IReadOnlyList<ConformanceCase> Cases { get; } = [.. Conformance.GoldenCases.TinyChat.Where(static test => test.Prompt.Length < 500 && test.MaxOutputTokens < 250)];
}

internal sealed class FlatUnderTest() : OnnxEngineUnderTest("flat");
