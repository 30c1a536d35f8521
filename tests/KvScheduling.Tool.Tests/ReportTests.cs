using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace KvScheduling.Tool.Tests;

public sealed partial class ReportTests : IDisposable
{
    private readonly ToolRun _tool = new();

    public void Dispose() => _tool.Dispose();

    [Fact]
    public async Task Report_SeveralLoads_IsOnePageWithEveryChartAndItsFigures()
    {
        string page = _tool.Write("out.html", string.Empty);
        string[] args =
        [
            "simulate", "--workload", "chat", "--count", "400", "--rate", "2", "--kv-tokens", "12000", "--load", "0.6,1.1", "--output-lengths", "history",
            "--policies", "fcfs+strict,svf", "--report", page,
        ];
        Assert.Equal(0, await _tool.RunAsync(args));
        string html = await File.ReadAllTextAsync(page);

        // Per load: two distributions, the line, KV and batches of both policies; and latency against load once.
        XElement[] charts = Charts(html);
        Assert.Equal(1 + (2 * (2 + 1 + 2 + 2)), charts.Length);
        Assert.All(charts, AssertDrawnWithinItsFrame);
        foreach (string title in (string[])["Latency against load", "Cumulative distribution of latency", "Requests in the line over time", "KV in use over time, svf", "Batches, svf"])
        {
            Assert.Contains(charts, chart => (string?)chart.Attribute("aria-label") == title);
        }

        Assert.Contains("prefers-color-scheme:dark", html, StringComparison.Ordinal);
        Assert.DoesNotContain("http", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", html, StringComparison.Ordinal);
        Assert.Contains("<td class=\"text\">fcfs+strict</td>", html, StringComparison.Ordinal);
        Assert.Equal(0, await _tool.RunAsync(args));
        Assert.Equal(html, await File.ReadAllTextAsync(page));
    }

    [Fact]
    public async Task Report_Evictions_AreMarked()
    {
        string rows = string.Concat(Enumerable.Range(0, 400).Select(static i => $"{i / 10.0},10,{(i < 100 ? 5 : 60)}\n"));
        string file = _tool.Write("longer.csv", "arrival_seconds,prompt_tokens,output_tokens\n" + rows);
        string page = _tool.Write("out.html", string.Empty);
        Assert.Equal(0, await _tool.RunAsync(
            "simulate", "--requests", file, "--cost-model", "unit", "--kv-tokens", "500", "--output-lengths", "history", "--policies", "fcfs", "--report", page, "--format", "json"));
        Assert.InRange(_tool.Json.GetProperty("policies").GetProperty("fcfs").GetProperty("evictions").GetInt64(), 1, long.MaxValue);
        XElement kv = Assert.Single(Charts(await File.ReadAllTextAsync(page)), chart => (string?)chart.Attribute("aria-label") == "KV in use over time, fcfs");
        Assert.Contains(kv.Elements("path"), static path => (string?)path.Attribute("class") == "mark");
    }

    [Fact]
    public async Task Report_Backlog_HasBarsForEveryRequest()
    {
        string file = _tool.Write("t5.csv", "prompt_tokens,output_tokens\n11,1\n11,1\n11,1\n1,2\n1,2\n1,2\n1,2\n");
        string page = _tool.Write("out.html", string.Empty);
        Assert.Equal(0, await _tool.RunAsync("backlog", "--requests", file, "--kv-tokens", "12", "--policies", "shortest-output,sorted-f", "--report", page));
        XElement[] charts = Charts(await File.ReadAllTextAsync(page));
        Assert.Equal(1 + 2 + 2, charts.Length);
        Assert.All(charts, AssertDrawnWithinItsFrame);
        XElement batches = Assert.Single(charts, static chart => (string?)chart.Attribute("aria-label") == "Batches, sorted-f");
        Assert.Equal(7, batches.Descendants("rect").Count(static bar => (string?)bar.Attribute("class") == "decode"));
    }

    [Fact]
    public async Task Report_FolderThatIsNotThere_EndsWithCode2()
    {
        string file = _tool.Write("one.csv", "prompt_tokens,output_tokens\n1,1\n");
        Assert.Equal(2, await _tool.RunAsync("backlog", "--requests", file, "--kv-tokens", "12", "--report", file + ".folder/out.html"));
        Assert.Contains("--report", _tool.Error, StringComparison.Ordinal);
    }

    [GeneratedRegex("<svg.*?</svg>", RegexOptions.Singleline)]
    private static partial Regex Svg();

    private static XElement[] Charts(string html) => [.. Svg().Matches(html).Select(static match => XElement.Parse(match.Value))];

    private static void AssertDrawnWithinItsFrame(XElement chart)
    {
        double[] frame = [.. ((string)chart.Attribute("viewBox")!).Split(' ').Select(static text => double.Parse(text, CultureInfo.InvariantCulture))];
        string[] points = [.. chart.Descendants("polyline").SelectMany(static line => ((string)line.Attribute("points")!).Split(' '))];
        double[] bars = [.. chart.Descendants("rect").Select(static bar => (double)bar.Attribute("x")! + (double)bar.Attribute("width")!)];
        Assert.True(points.Length + bars.Length > 0, "Nothing is drawn.");
        Assert.All(bars, right => Assert.InRange(right, 0, frame[2]));
        foreach (string point in points)
        {
            double[] place = [.. point.Split(',').Select(static text => double.Parse(text, CultureInfo.InvariantCulture))];
            Assert.InRange(place[0], 0, frame[2]);
            Assert.InRange(place[1], 0, frame[3]);
        }
    }
}
