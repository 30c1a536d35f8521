using System.Globalization;
using System.Net;
using System.Text;

namespace KvScheduling.Tool;

/// <summary>One self-contained page: charts with their figures as tables beside them. No scripts, nothing to load, light and dark.</summary>
internal sealed class HtmlReport
{
    private const string Style = """
        :root{color-scheme:light dark;--page:#fcfcfb;--card:#fff;--ink:#1d2327;--soft:#5b656d;--line:#dfe3e6;--mark:#c1121f;--shade:#0003;
        --c0:#0067a5;--c1:#c4501b;--c2:#00805a;--c3:#a44a8b;--c4:#9a6b00;--c5:#2f8fbf;--c6:#5f6a72;--c7:#7a5cc0}
        @media (prefers-color-scheme:dark){:root{--page:#14181b;--card:#1c2125;--ink:#e6eaed;--soft:#9aa5ad;--line:#343c42;--mark:#ff6b6b;--shade:#000a;
        --c0:#5cb3ea;--c1:#f08a5b;--c2:#41c79a;--c3:#df8fc8;--c4:#e0b040;--c5:#8fd3f5;--c6:#aab4bb;--c7:#b49cf0}}
        *{box-sizing:border-box}body{margin:0 auto;max-width:1240px;padding:24px 20px 48px;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
        h1{font-size:1.5rem;margin:0 0 4px;overflow-wrap:anywhere}h2{font-size:1.15rem;margin:32px 0 8px}h3{font-size:.95rem;margin:0 0 4px}p{margin:4px 0 12px;color:var(--soft)}
        .row{display:grid;grid-template-columns:minmax(0,1.35fr) minmax(0,1fr);gap:16px;align-items:start;margin-bottom:16px}
        .pair{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,440px),1fr));gap:16px;margin-bottom:16px}
        .card{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:12px 14px;min-width:0;container-type:inline-size}
        .scroll{overflow-x:auto;background:linear-gradient(90deg,var(--card) 40%,transparent),linear-gradient(270deg,var(--card) 40%,transparent) 100% 0,
        linear-gradient(90deg,var(--shade),transparent),linear-gradient(270deg,var(--shade),transparent) 100% 0,var(--card);
        background-repeat:no-repeat;background-size:40px 100%,40px 100%,12px 100%,12px 100%,auto;background-attachment:local,local,scroll,scroll,scroll}
        svg{display:block;width:100%;height:auto}svg text{fill:var(--soft);font-size:12px}
        @container (max-width:480px){svg text{font-size:15px}}@container (max-width:380px){svg text{font-size:18px}}.grid path{stroke:var(--line);fill:none}.axis{stroke:var(--soft);fill:none}
        .line{fill:none;stroke:var(--c);stroke-width:1.8;stroke-linejoin:round}.dashed{stroke-dasharray:5 4}.area{fill:var(--c);opacity:.18}.dot{fill:var(--c)}
        .mark{stroke:var(--mark);stroke-width:1}.waits{fill:var(--soft);opacity:.45}.prefill{fill:var(--c);opacity:.5}.decode{fill:var(--c)}
        table{border-collapse:collapse;width:100%;font-size:13px;font-variant-numeric:tabular-nums}
        th,td{text-align:right;padding:3px 8px;border-bottom:1px solid var(--line);white-space:nowrap}th{color:var(--soft);font-weight:600;white-space:normal;vertical-align:bottom}
        .text{text-align:left}tr:last-child td{border-bottom:0}
        .legend{display:flex;flex-wrap:wrap;gap:2px 14px;font-size:13px;margin:0 0 4px;padding:0;list-style:none}
        .legend i{display:inline-block;width:18px;height:0;border-top:3px solid var(--c);vertical-align:middle;margin-right:5px}.legend .dash i{border-top-style:dashed}
        .legend .tick i{width:0;height:10px;border-top:0;border-left:2px solid var(--mark)}.legend .wait{--c:var(--soft)}.legend .wait i{opacity:.6}.legend .pale i{opacity:.5}
        details{margin-top:20px}summary{cursor:pointer;font-weight:600;font-size:1.15rem}
        @media (max-width:820px){.row{grid-template-columns:minmax(0,1fr)}body{padding:16px 12px 32px}}
        """;

    private readonly StringBuilder _body = new();
    private readonly string _title;

    public HtmlReport(string title, string about)
    {
        _title = title;
        _body.Append(CultureInfo.InvariantCulture, $"<h1>{Escape(title)}</h1>\n<p>{Escape(about)}</p>\n");
    }

    public void Heading(string text) => _body.Append(CultureInfo.InvariantCulture, $"<h2>{Escape(text)}</h2>\n");

    public void Paragraph(string text) => _body.Append(CultureInfo.InvariantCulture, $"<p>{Escape(text)}</p>\n");

    /// <summary>A part of the page that folds.</summary>
    public void BeginFold(string title, bool isOpen) =>
        _body.Append(CultureInfo.InvariantCulture, $"<details{(isOpen ? " open" : string.Empty)}><summary>{Escape(title)}</summary>\n");

    public void EndFold() => _body.Append("</details>\n");

    /// <summary>A table over the whole width.</summary>
    public void Table(ResultTable table) => _body.Append("<div class=\"card scroll\">").Append(TableOf(table)).Append("</div>\n");

    /// <summary>A chart with its figures beside it.</summary>
    public void Chart(string title, LineChart chart, ResultTable figures)
    {
        _body.Append("<div class=\"row\">");
        Card(title, LegendOf(chart), SvgDrawing.Draw(chart));
        _body.Append("<div class=\"card scroll\">").Append(TableOf(figures)).Append("</div></div>\n");
    }

    /// <summary>Charts side by side, with their figures below.</summary>
    public void Charts(IEnumerable<(string Title, LineChart Chart)> charts, ResultTable figures)
    {
        _body.Append("<div class=\"pair\">");
        foreach ((string title, LineChart chart) in charts)
        {
            Card(title, LegendOf(chart), SvgDrawing.Draw(chart));
        }

        _body.Append("</div>\n");
        Table(figures);
    }

    /// <summary>Bars of requests side by side.</summary>
    public void Charts(IEnumerable<(string Title, GanttChart Chart)> charts)
    {
        const string Legend = "<ul class=\"legend\"><li class=\"wait\"><i></i>waits</li><li class=\"c0 pale\"><i></i>prefill</li><li class=\"c0\"><i></i>decode</li>"
            + "<li class=\"c1\"><i></i>the next batch</li></ul>";
        _body.Append("<div class=\"pair\">");
        foreach ((string title, GanttChart chart) in charts)
        {
            Card(title, Legend, SvgDrawing.Draw(chart));
        }

        _body.Append("</div>\n");
    }

    /// <exception cref="WrongInput">The file can't be written.</exception>
    public void Save(string path)
    {
        string colors = string.Concat(Enumerable.Range(0, SvgDrawing.Colors).Select(static i => FormattableString.Invariant($".c{i}{{--c:var(--c{i})}}")));
        string page = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
            + $"<title>{Escape(_title)}</title>\n<style>{Style}\n{colors}</style></head>\n<body>\n{_body}</body></html>\n";
        try
        {
            File.WriteAllText(path, page);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new WrongInput($"--report: {path} can't be written: {error.Message}", error);
        }
    }

    private static string LegendOf(LineChart chart)
    {
        IEnumerable<string> items = chart.Series.Select(static series =>
            FormattableString.Invariant($"<li class=\"c{series.Color % SvgDrawing.Colors}{(series.IsDashed ? " dash" : string.Empty)}\"><i></i>{Escape(series.Name)}</li>"));
        return $"<ul class=\"legend\">{string.Concat(items)}{(chart.Marks.Count > 0 ? "<li class=\"tick\"><i></i>eviction</li>" : string.Empty)}</ul>";
    }

    private static string TableOf(ResultTable table)
    {
        var html = new StringBuilder("<table><thead><tr>");
        for (int i = 0; i < table.Columns.Count; i++)
        {
            html.Append(CultureInfo.InvariantCulture, $"<th{ClassOf(table, i)}>{Escape(table.Columns[i])}</th>");
        }

        html.Append("</tr></thead><tbody>");
        foreach (object?[] row in table.Rows)
        {
            html.Append("<tr>");
            for (int i = 0; i < row.Length; i++)
            {
                html.Append(CultureInfo.InvariantCulture, $"<td{ClassOf(table, i)}>{Escape(ResultTable.Rounded(row[i]))}</td>");
            }

            html.Append("</tr>");
        }

        return html.Append("</tbody></table>").ToString();
    }

    private static string ClassOf(ResultTable table, int column) => table.IsText(column) ? " class=\"text\"" : string.Empty;

    private static string Escape(string text) => WebUtility.HtmlEncode(text);

    private void Card(string title, string legend, string svg) =>
        _body.Append(CultureInfo.InvariantCulture, $"<div class=\"card\"><h3>{Escape(title)}</h3>{legend}{svg}</div>");
}
