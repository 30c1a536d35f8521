namespace KvScheduling;

/// <summary>The names under which the library emits metrics and traces.</summary>
public static class KvSchedulingDiagnostics
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "KvScheduling";

    /// <summary>The activity source's name.</summary>
    public const string ActivitySourceName = "KvScheduling";
}
