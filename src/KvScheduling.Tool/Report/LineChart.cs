namespace KvScheduling.Tool;

/// <summary>Figures over figures, a line for each series.</summary>
/// <param name="Title">What it shows, for those who can't see it.</param>
/// <param name="XLabel">What lies on the horizontal axis, with its unit.</param>
/// <param name="YLabel">What lies on the vertical axis, with its unit.</param>
/// <param name="Series">The lines.</param>
internal sealed record LineChart(string Title, string XLabel, string YLabel, IReadOnlyList<ChartSeries> Series)
{
    public bool IsXLogarithmic { get; init; }

    public bool IsYLogarithmic { get; init; }

    /// <summary>Where the vertical axis begins; null for the least figure.</summary>
    public double? YLeast { get; init; }

    /// <summary>Where the vertical axis ends; null for the greatest figure.</summary>
    public double? YMost { get; init; }

    /// <summary>Where the horizontal axis ends; null for the greatest figure. Charts side by side share it.</summary>
    public double? XMost { get; init; }

    /// <summary>Events to mark on the horizontal axis, with what they are.</summary>
    public IReadOnlyList<double> Marks { get; init; } = [];
}

/// <summary>One line.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Color">Its place in the palette.</param>
/// <param name="Points">Its points, left to right.</param>
internal sealed record ChartSeries(string Name, int Color, IReadOnlyList<(double X, double Y)> Points)
{
    /// <summary>A second figure of the same thing is dashed.</summary>
    public bool IsDashed { get; init; }

    /// <summary>Whether the area below is filled.</summary>
    public bool IsFilled { get; init; }

    /// <summary>Whether its points are marked: for few points.</summary>
    public bool HasDots { get; init; }
}
