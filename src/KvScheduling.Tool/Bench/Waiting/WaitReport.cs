using System.Globalization;
using System.Text.Json;
using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary>The tables of <c>bench wait</c>.</summary>
/// <param name="Workloads">What arrived.</param>
/// <param name="Contenders">The policies, the one that the others are compared with first.</param>
/// <param name="Caps">What they ran on.</param>
/// <param name="Figures">What came out.</param>
internal sealed record WaitReport(IReadOnlyList<WaitWorkload> Workloads, IReadOnlyList<WaitContender> Contenders, SimulationSettings Caps, IReadOnlyList<WaitFigures> Figures)
{
    /// <summary>For people: a table of stable ranges, then some for each workload.</summary>
    public void Write(ToolConsole console, OutputFormat format)
    {
        console.Write("Largest rate of those tried that is kept up with", Ranges(), format);
        console.Write("Rate at which the fluid model is at a limit", FluidLimits(), format);
        foreach (WaitWorkload workload in Workloads)
        {
            console.Write($"{workload.Name}: mean latency", Pivot(workload, Contenders, static row => WithInterval(row.Mean)), format);
            if (Contenders.Count > 1)
            {
                string title = $"{workload.Name}: mean latency less that of {Contenders[0].Label} with the same requests, in %";
                console.Write(title, Pivot(workload, Contenders.Skip(1), static row => Percent(row.RelativeDifference)), format);
            }

            console.Write($"{workload.Name}: mean TTFT", Pivot(workload, Contenders, static row => WithInterval(row.FirstToken)), format);
            console.Write($"{workload.Name}: p99 of latency", Pivot(workload, Contenders, static row => WithInterval(row.Tail)), format);
            if (Figures.Any(row => row.Workload == workload && (row.Evictions.Max > 0 || row.Unfinished > 0)))
            {
                console.Write($"{workload.Name}: evictions in a run, restarted requests in %, unfinished requests of all runs", Pivot(workload, Contenders, Losses), format);
            }

            if (Contenders.Any(static contender => contender.IsExact))
            {
                console.Write($"{workload.Name}: thresholds / KV tokens / running requests that they need, in brackets where there is less", Needs(workload), format);
            }
        }
    }

    /// <summary>For machines: all figures in rows.</summary>
    public ResultTable All()
    {
        var table = new ResultTable(
            "workload", "rate", "policy", "output_lengths", "mean", "mean_ci95", "ttft", "ttft_ci95", "p99", "p99_ci95", "difference", "difference_ci95", "relative_difference",
            "relative_difference_ci95", "evictions", "restarted_share", "unfinished", "kept_up", "stable");
        foreach (WaitFigures row in Figures)
        {
            table.Add(
                row.Workload.Name, row.Rate, row.Contender.Label, row.Contender.Lengths.ToString(), row.Mean.Mean, row.Mean.HalfWidth, row.FirstToken.Mean, row.FirstToken.HalfWidth,
                row.Tail.Mean, row.Tail.HalfWidth, row.Difference.Mean, row.Difference.HalfWidth, row.RelativeDifference.Mean, row.RelativeDifference.HalfWidth, row.Evictions.Mean,
                row.RestartedShare.Mean, row.Unfinished, row.KeptUp, row.IsStable ? 1 : 0);
        }

        return table;
    }

    public void WriteJson(Utf8JsonWriter json)
    {
        json.WriteString("baseline", Contenders[0].Label);
        json.WriteNumber("kv_tokens", Caps.KvTokens);
        json.WriteNumber("max_running", Caps.MaxRunningRequests);
        json.WriteNumber("max_step_tokens", Caps.MaxStepTokens);
        json.WriteNumber("prefill_chunk", Caps.PrefillChunkTokens);
        All().WriteJson(json, "runs");
        json.WriteStartArray("workloads");
        foreach (WaitWorkload workload in Workloads)
        {
            WriteJson(json, workload);
        }

        json.WriteEndArray();
    }

    private void WriteJson(Utf8JsonWriter json, WaitWorkload workload)
    {
        var fluid = FluidRates.Of(workload, Caps);
        json.WriteStartObject();
        json.WriteString("workload", workload.Name);
        json.WriteNumber("requests", workload.Requests);
        json.WriteNumberOrNull("fluid_rate_computing", fluid.Computing);
        json.WriteNumberOrNull("fluid_rate_kv", fluid.Memory);
        json.WriteNumberOrNull("fluid_rate_running", fluid.Running);
        json.WriteNumberOrNull("fluid_rate_step_tokens", fluid.StepTokens);
        json.WriteStartObject("stable_rate");
        foreach (WaitContender contender in Contenders)
        {
            json.WriteNumberOrNull(contender.Label, RangeOf(workload, contender).Rate);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private ResultTable Ranges()
    {
        var table = new ResultTable(["policy", "lengths", .. Workloads.Select(static workload => workload.Name)]);
        foreach (WaitContender contender in Contenders)
        {
            table.Add([contender.Label, contender.Lengths.ToString(), .. Workloads.Select(workload => RangeOf(workload, contender).ToString())]);
        }

        return table;
    }

    private ResultTable FluidLimits()
    {
        FluidRates[] fluid = [.. Workloads.Select(workload => FluidRates.Of(workload, Caps))];
        var table = new ResultTable(["limit", .. Workloads.Select(static workload => workload.Name)]);
        Add("time to compute", static rates => rates.Computing);
        Add("KV budget", static rates => rates.Memory);
        Add("running requests", static rates => rates.Running);
        Add("tokens of a step", static rates => rates.StepTokens);
        return table;

        void Add(string limit, Func<FluidRates, double> rate) => table.Add([limit, .. fluid.Select(rates => (object)rate(rates))]);
    }

    /// <summary>A column per rate; policies that do not differ in any of them share a row.</summary>
    private ResultTable Pivot(WaitWorkload workload, IEnumerable<WaitContender> contenders, Func<WaitFigures, string> cell)
    {
        ResultTable table = ByRate(workload);
        var rows = contenders.Select(contender => (contender.Label, Cells: RowsOf(workload, contender).Select(cell).ToArray()));
        foreach (var equal in rows.GroupBy(static row => string.Join('|', row.Cells)))
        {
            table.Add([string.Join(", ", equal.Select(static row => row.Label)), .. equal.First().Cells]);
        }

        return table;
    }

    private ResultTable Needs(WaitWorkload workload)
    {
        FluidCost cost = LinearCost.Of(Caps);
        ResultTable table = ByRate(workload);
        foreach (WaitContender contender in Contenders.Where(static contender => contender.IsExact))
        {
            table.Add([contender.Label, .. workload.Rates.Select(rate => contender.NeedOf(new ExactThresholds(workload.Sample, rate, cost, Caps)).ToString())]);
        }

        return table;
    }

    private static ResultTable ByRate(WaitWorkload workload) => new(["policy", .. workload.Rates.Select(static rate => rate.ToString(CultureInfo.InvariantCulture) + "/s")]);

    private StableRange RangeOf(WaitWorkload workload, WaitContender contender) => StableRange.Of(RowsOf(workload, contender));

    private IEnumerable<WaitFigures> RowsOf(WaitWorkload workload, WaitContender contender) => Figures.Where(row => row.Workload == workload && row.Contender == contender);

    private static string WithInterval(Spread spread) =>
        double.IsNaN(spread.HalfWidth) ? ResultTable.Rounded(spread.Mean) : $"{ResultTable.Rounded(spread.Mean)} ± {ResultTable.Rounded(spread.HalfWidth)}";

    private static string Percent(Spread spread)
    {
        double mean = 100 * spread.Mean;
        string format = Math.Abs(mean) >= 100 ? "+#,0;−#,0;0" : "+0.0;−0.0;0.0";
        string text = mean.ToString(format, CultureInfo.InvariantCulture);
        return double.IsNaN(spread.HalfWidth) ? text : $"{text} ± {(100 * spread.HalfWidth).ToString(Math.Abs(mean) >= 100 ? "#,0" : "0.0", CultureInfo.InvariantCulture)}";
    }

    private static string Losses(WaitFigures row) => string.Create(
        CultureInfo.InvariantCulture, $"{row.Evictions.Mean:#,0.#} / {100 * row.RestartedShare.Mean:0.#} / {row.Unfinished}");
}
