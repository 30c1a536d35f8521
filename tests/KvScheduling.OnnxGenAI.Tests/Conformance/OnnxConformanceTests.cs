using KvScheduling.Conformance;

namespace KvScheduling.OnnxGenAI.Tests;

public sealed class PagedEngineConformance() : EngineConformanceTests(new PagedUnderTest());

public sealed class PagedPrefixConformance() : PrefixConformanceTests(new PagedUnderTest());

public sealed class PagedScheduledConformance() : ScheduledConformanceTests(new PagedUnderTest());

public sealed class PagedSharingEngineConformance() : EngineConformanceTests(new PagedSharingUnderTest());

public sealed class FlatEngineConformance() : EngineConformanceTests(new FlatUnderTest());

public sealed class FlatScheduledConformance() : ScheduledConformanceTests(new FlatUnderTest());
