using KvScheduling.Conformance;

namespace KvScheduling.ManagedEngine.Tests;

public sealed class ManagedEngineConformance() : EngineConformanceTests(new TinyChatUnderTest());

public sealed class ManagedPrefixConformance() : PrefixConformanceTests(new TinyChatUnderTest());

public sealed class ManagedScheduledConformance() : ScheduledConformanceTests(new TinyChatUnderTest());
