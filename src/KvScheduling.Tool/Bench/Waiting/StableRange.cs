using System.Globalization;

namespace KvScheduling.Tool;

/// <summary>Up to which rate a policy keeps up with a workload, as far as the rates tried say.</summary>
/// <param name="Rate">The largest rate at which, and at all lower ones, runs keep up; null when there is none.</param>
/// <param name="IsLargestTried">Whether no higher rate was tried.</param>
internal readonly record struct StableRange(double? Rate, bool IsLargestTried)
{
    /// <param name="byRate">A policy's figures for one workload.</param>
    public static StableRange Of(IEnumerable<WaitFigures> byRate)
    {
        WaitFigures[] rising = [.. byRate.OrderBy(static row => row.Rate)];
        int stable = rising.TakeWhile(static row => row.IsStable).Count();
        return new StableRange(stable > 0 ? rising[stable - 1].Rate : null, stable == rising.Length);
    }

    /// <summary>For people.</summary>
    public override string ToString()
    {
        string number = Rate?.ToString(CultureInfo.InvariantCulture) ?? "none";
        return IsLargestTried ? "≥ " + number : number;
    }
}
