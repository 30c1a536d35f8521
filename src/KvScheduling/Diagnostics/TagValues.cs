namespace KvScheduling;

/// <summary>Enum values as metric tags: lower snake case, made once.</summary>
internal static class TagValues
{
    private static readonly string[] Decisions = SnakeCase(Enum.GetNames<DecisionReason>());
    private static readonly string[] Rejections = SnakeCase(Enum.GetNames<SchedulingRejection>());

    private static readonly string[] Regimes = SnakeCase(Enum.GetNames<SchedulingRegime>());

    public static string ToTagValue(this SchedulingRegime regime) => Regimes[(int)regime];

    public static string ToTagValue(this DecisionReason reason) => Decisions[(int)reason];

    public static string ToTagValue(this SchedulingRejection reason) => Rejections[(int)reason];

    private static string[] SnakeCase(string[] names) =>
        Array.ConvertAll(names, static name => string.Concat(name.Select(static (c, i) => i > 0 && char.IsUpper(c) ? "_" + char.ToLowerInvariant(c) : char.ToLowerInvariant(c).ToString())));
}
