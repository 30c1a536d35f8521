using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary>A policy of <c>bench wait</c>, and what it is told about output lengths.</summary>
/// <param name="Label">How it was asked for, and how results call it.</param>
/// <param name="Policy">The policy's name.</param>
/// <param name="Lengths">What it is told.</param>
/// <param name="IsExact">Whether it plans steps exactly as in the paper.</param>
internal sealed record WaitContender(string Label, string Policy, OutputLengths Lengths, bool IsExact)
{
    /// <summary>Behind a name: exactly as in the paper.</summary>
    public const string Exact = "+exact";

    /// <summary>Behind a name: with lengths known.</summary>
    public const string Known = "+known";

    private static readonly string[] Exacts = [SchedulingPolicies.Wait, SchedulingPolicies.NestedWait];

    /// <summary>Reads a list such as <c>sarathi,fcfs+known,wait,wait+exact</c>.</summary>
    /// <exception cref="WrongInput">A name is unknown, or nothing is named.</exception>
    public static IReadOnlyList<WaitContender> ParseList(string list)
    {
        WaitContender[] contenders = [.. list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(Parse).Distinct()];
        return contenders.Length > 0 ? contenders : throw new WrongInput($"--policies names none. {Advice}");
    }

    /// <summary>Reads one.</summary>
    /// <exception cref="WrongInput">The name is unknown.</exception>
    public static WaitContender Parse(string text)
    {
        bool isExact = text.EndsWith(Exact, StringComparison.OrdinalIgnoreCase);
        bool isKnown = text.EndsWith(Known, StringComparison.OrdinalIgnoreCase);
        string name = isExact ? text[..^Exact.Length] : isKnown ? text[..^Known.Length] : text;
        string? policy = KnownPolicies.Streams.FirstOrDefault(each => each.Equals(name, StringComparison.OrdinalIgnoreCase));
        if (policy is null || (isExact && !Exacts.Contains(policy)))
        {
            throw new WrongInput($"--policies: there is no policy named '{text}'. {Advice}");
        }

        // WAIT is for known lengths: its types are told apart by them.
        OutputLengths lengths = isKnown || policy == SchedulingPolicies.Wait ? OutputLengths.Known : OutputLengths.History;
        return new WaitContender(policy + (isExact ? Exact : isKnown ? Known : string.Empty), policy, lengths, isExact);
    }

    /// <summary>What the thresholds of an exact policy need.</summary>
    public ThresholdNeed NeedOf(ExactThresholds thresholds) => Policy == SchedulingPolicies.Wait ? thresholds.ForWait().Need : thresholds.ForNestedWait().Need;

    private static string Advice =>
        $"Known policies: {string.Join(", ", KnownPolicies.Streams)}; {string.Join(" and ", Exacts.Select(static name => name + Exact))} as in the paper; {Known} behind any name tells it the lengths.";
}
