using System.Globalization;

namespace KvScheduling.Tool;

/// <summary>The page about replayed streams.</summary>
internal static class StreamReport
{
    /// <summary>Up to so many requests every one is kept, for the bars of batches.</summary>
    public const long MostBars = 200_000;

    /// <exception cref="WrongInput">The file can't be written.</exception>
    public static void Save(string path, string costModel, string lengths, long kvTokens, IReadOnlyList<LoadResults> loads)
    {
        Workload workload = loads[0].Workload;
        string about = string.Create(
            CultureInfo.InvariantCulture,
            $"{workload.Totals.Count:#,0} requests, {workload.Totals.PromptTokens:#,0} prompt and {workload.Totals.OutputTokens:#,0} output tokens; {kvTokens:#,0} KV tokens; cost model {costModel}; output lengths {lengths}. Replayed in virtual time through the scheduler that runs in production. Times are in seconds.");
        var page = new HtmlReport($"{workload.Name}: {string.Join(", ", loads[0].Policies.Select(static policy => policy.Label))}", about);
        page.Table(SimulationReport.Table(loads));
        if (loads.Count > 1)
        {
            page.Heading("Latency against load");
            page.Chart("Mean and 99th percentile", StreamCharts.LatencyAgainstLoad(loads), StreamCharts.LoadFigures(loads));
        }

        for (int i = 0; i < loads.Count; i++)
        {
            string title = double.IsFinite(loads[i].Load) ? string.Create(CultureInfo.InvariantCulture, $"Load {loads[i].Load:0.###}") : "All at once";
            page.BeginFold(title, isOpen: i == loads.Count - 1);
            AddLoad(page, loads[i].Policies);
            page.EndFold();
        }

        page.Save(path);
    }

    private static void AddLoad(HtmlReport page, IReadOnlyList<PolicyResult> policies)
    {
        page.Heading("Latencies");
        page.Chart("Latency", StreamCharts.Cumulative("latency", policies, static result => result.Latency), StreamCharts.Quantiles(policies, static result => result.Latency));
        page.Chart(
            "Time to first token",
            StreamCharts.Cumulative("TTFT", policies, static result => result.TimeToFirstToken),
            StreamCharts.Quantiles(policies, static result => result.TimeToFirstToken));
        page.Heading("The line");
        page.Chart("Requests waiting", StreamCharts.Queue(policies), StreamCharts.QueueFigures(policies));
        page.Heading("The KV cache");
        double end = policies.Max(static policy => policy.Result.KvShare.Duration.TotalSeconds);
        page.Charts(policies.Select((policy, i) => (policy.Label, StreamCharts.Kv(policy, i, end))), StreamCharts.KvFigures(policies));
        if (policies.All(static policy => policy.Result.Requests.Count > 0))
        {
            page.Heading("Batches");
            page.Paragraph("The requests that start around the time when most wait; each row is a request, requests that start at once share a colour.");
            page.Charts(policies.Select(static policy => (policy.Label, StreamCharts.Batches(policy))));
        }
    }
}
