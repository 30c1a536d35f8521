using System.Globalization;
using System.Net;
using System.Text;

namespace KvScheduling.Tool;

/// <summary>Draws charts as SVG. Colours are classes of the page's style sheet, so that one drawing serves light and dark.</summary>
internal static class SvgDrawing
{
    /// <summary>How many colours the style sheet has; beyond, they repeat.</summary>
    public const int Colors = 8;

    private const double Width = 640;
    private const double Height = 300;
    private const double Left = 72;
    private const double Right = 12;
    private const double Top = 16;
    private const double Bottom = 50;
    private const double RowHeight = 5;

    public static string Draw(LineChart chart)
    {
        var x = new Axis(chart.Series.SelectMany(static series => series.Points.Select(static point => point.X)), chart.IsXLogarithmic, null, chart.XMost, Left, Width - Left - Right);
        var y = new Axis(
            chart.Series.SelectMany(static series => series.Points.Select(static point => point.Y)), chart.IsYLogarithmic, chart.YLeast, chart.YMost, Height - Bottom, -(Height - Top - Bottom));
        StringBuilder svg = Begin(chart.Title, Height);
        DrawGrid(svg, x, y, chart.XLabel, chart.YLabel, Height);
        foreach (ChartSeries series in chart.Series)
        {
            DrawSeries(svg, series, x, y);
        }

        // Above the frame, where no line runs.
        foreach (double mark in chart.Marks)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<path class=\"mark\" d=\"M{x.At(mark):0.#} {Top - 10} v8\"/>");
        }

        return svg.Append("</svg>").ToString();
    }

    public static string Draw(GanttChart chart)
    {
        double height = Top + Bottom + (RowHeight * chart.Bars.Count);
        var x = new Axis(chart.Bars.SelectMany(static bar => (double[])[bar.Start, bar.End]), false, null, null, Left, Width - Left - Right);
        StringBuilder svg = Begin(chart.Title, height);
        DrawGrid(svg, x, null, chart.XLabel, "requests, by start", height);
        int batch = 0;
        for (int i = 0; i < chart.Bars.Count; i++)
        {
            GanttBar bar = chart.Bars[i];
            batch += i > 0 && bar.Start != chart.Bars[i - 1].Start ? 1 : 0;
            double top = Top + (i * RowHeight);
            svg.Append(CultureInfo.InvariantCulture, $"<g class=\"c{batch % 2}\"><title>{Escape(bar.Name)}</title>");
            Rectangle(svg, "waits", x.At(bar.Arrival), x.At(bar.Start), top + 1.75, RowHeight - 3.5);
            Rectangle(svg, "prefill", x.At(bar.Start), x.At(bar.FirstToken), top + 0.5, RowHeight - 1);
            Rectangle(svg, "decode", x.At(bar.FirstToken), x.At(bar.End), top + 0.5, RowHeight - 1);
            svg.Append("</g>");
        }

        return svg.Append("</svg>").ToString();
    }

    private static StringBuilder Begin(string title, double height) => new StringBuilder()
        .Append(CultureInfo.InvariantCulture, $"<svg viewBox=\"0 0 {Width} {height:0.#}\" role=\"img\" aria-label=\"{Escape(title)}\">");

    private static void DrawGrid(StringBuilder svg, Axis x, Axis? y, string xLabel, string yLabel, double height)
    {
        double bottom = height - Bottom;
        svg.Append("<g class=\"grid\">");
        foreach ((double value, _) in x.Ticks())
        {
            svg.Append(CultureInfo.InvariantCulture, $"<path d=\"M{x.At(value):0.#} {Top} V{bottom:0.#}\"/>");
        }

        foreach ((double value, _) in y?.Ticks() ?? [])
        {
            svg.Append(CultureInfo.InvariantCulture, $"<path d=\"M{Left} {y!.At(value):0.#} H{Width - Right}\"/>");
        }

        svg.Append(CultureInfo.InvariantCulture, $"</g><path class=\"axis\" d=\"M{Left} {Top} V{bottom:0.#} H{Width - Right}\"/>");
        foreach ((double value, string label) in x.Ticks())
        {
            Text(svg, "middle", x.At(value), bottom + 18, label);
        }

        foreach ((double value, string label) in y?.Ticks() ?? [])
        {
            Text(svg, "end", Left - 6, y!.At(value) + 4, label);
        }

        Text(svg, "middle", (Left + Width - Right) / 2, height - 8, xLabel);
        svg.Append(CultureInfo.InvariantCulture, $"<text text-anchor=\"middle\" transform=\"translate(16 {(Top + bottom) / 2:0.#}) rotate(-90)\">{Escape(yLabel)}</text>");
    }

    private static void DrawSeries(StringBuilder svg, ChartSeries series, Axis x, Axis y)
    {
        if (series.Points.Count == 0)
        {
            return;
        }

        string points = string.Join(' ', series.Points.Select(point => string.Create(CultureInfo.InvariantCulture, $"{x.At(point.X):0.#},{y.At(point.Y):0.#}")));
        svg.Append(CultureInfo.InvariantCulture, $"<g class=\"c{series.Color % Colors}\"><title>{Escape(series.Name)}</title>");
        if (series.IsFilled)
        {
            double bottom = Height - Bottom;
            svg.Append(CultureInfo.InvariantCulture,
                $"<polygon class=\"area\" points=\"{x.At(series.Points[0].X):0.#},{bottom:0.#} {points} {x.At(series.Points[^1].X):0.#},{bottom:0.#}\"/>");
        }

        svg.Append(CultureInfo.InvariantCulture, $"<polyline class=\"{(series.IsDashed ? "line dashed" : "line")}\" points=\"{points}\"/>");
        foreach ((double pointX, double pointY) in series.HasDots ? series.Points : [])
        {
            svg.Append(CultureInfo.InvariantCulture, $"<circle class=\"dot\" cx=\"{x.At(pointX):0.#}\" cy=\"{y.At(pointY):0.#}\" r=\"3\"/>");
        }

        svg.Append("</g>");
    }

    private static void Rectangle(StringBuilder svg, string kind, double from, double to, double top, double height)
    {
        if (to > from)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<rect class=\"{kind}\" x=\"{from:0.##}\" y=\"{top:0.##}\" width=\"{Math.Max(to - from, 0.4):0.##}\" height=\"{height:0.##}\"/>");
        }
    }

    private static void Text(StringBuilder svg, string anchor, double x, double y, string text) =>
        svg.Append(CultureInfo.InvariantCulture, $"<text text-anchor=\"{anchor}\" x=\"{x:0.#}\" y=\"{y:0.#}\">{Escape(text)}</text>");

    private static string Escape(string text) => WebUtility.HtmlEncode(text);
}
