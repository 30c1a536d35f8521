using KvScheduling.Conformance;

namespace KvScheduling.Tests;

public sealed class SimulatedConformance() : EngineConformanceTests(new FullSimulatedUnderTest());

public sealed class SimulatedPrefixConformance() : PrefixConformanceTests(new StrictSimulatedUnderTest());

public sealed class SimulatedScheduledConformance() : ScheduledConformanceTests(new StrictSimulatedUnderTest());

public sealed class SoftSimulatedConformance() : EngineConformanceTests(new SoftSimulatedUnderTest());

public sealed class SoftSimulatedPrefixConformance() : PrefixConformanceTests(new SoftSimulatedUnderTest());

public sealed class SoftSimulatedScheduledConformance() : ScheduledConformanceTests(new SoftSimulatedUnderTest());

public sealed class PlainSimulatedConformance() : EngineConformanceTests(new PlainSimulatedUnderTest());

public sealed class PlainSimulatedScheduledConformance() : ScheduledConformanceTests(new PlainSimulatedUnderTest());

public sealed class UnpagedSimulatedConformance() : EngineConformanceTests(new UnpagedSimulatedUnderTest());

public sealed class UnpagedSimulatedPrefixConformance() : PrefixConformanceTests(new UnpagedSimulatedUnderTest());
