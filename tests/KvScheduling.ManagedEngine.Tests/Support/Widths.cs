namespace KvScheduling.ManagedEngine.Tests;

/// <summary>Runs a check on every vector width that the machine has.</summary>
internal interface IWidthCheck
{
    void Run<TLanes>()
        where TLanes : struct, ILanes<TLanes>;
}

internal static class Widths
{
    /// <summary>Lanes of the widths that the machine has; never empty where the engine runs at all.</summary>
    public static IReadOnlyList<int> Supported { get; } = [.. new[] { (4, Lanes4.IsSupported), (8, Lanes8.IsSupported), (16, Lanes16.IsSupported) }.Where(w => w.Item2).Select(w => w.Item1)];

    public static void ForEach(IWidthCheck check)
    {
        Assert.NotEmpty(Supported);
        foreach (int lanes in Supported)
        {
            switch (lanes)
            {
                case 16:
                    check.Run<Lanes16>();
                    break;
                case 8:
                    check.Run<Lanes8>();
                    break;
                default:
                    check.Run<Lanes4>();
                    break;
            }
        }
    }
}
