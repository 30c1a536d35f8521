namespace KvScheduling;

internal static class CostMath
{
    /// <summary>Rounds to whole ticks; TimeSpan's own conversion checks and truncates.</summary>
    public static TimeSpan FromMilliseconds(double milliseconds) => new((long)Math.Round(milliseconds * TimeSpan.TicksPerMillisecond));
}
