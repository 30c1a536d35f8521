using System.Text.Json;
using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary>What <c>kvsched simulate</c> says about its runs.</summary>
internal static class SimulationReport
{
    private static readonly string[] Figures =
    [
        "mean", "p50", "p90", "p99", "max", "ttft_mean", "ttft_p99", "tpot_mean", "queue_mean", "makespan", "steps", "evictions", "recomputed", "kv", "req/s", "tok/s", "goodput", "refused",
    ];

    /// <summary>A row per policy; with several loads, a row per load and policy.</summary>
    public static ResultTable Table(IReadOnlyList<LoadResults> loads)
    {
        bool hasLoads = loads.Count > 1;
        var table = new ResultTable([.. hasLoads ? ["load"] : Array.Empty<string>(), "policy", .. Figures]);
        foreach (LoadResults load in loads)
        {
            foreach (PolicyResult policy in load.Policies)
            {
                object?[] row = [policy.Label, .. FiguresOf(policy.Result)];
                table.Add(hasLoads ? [Math.Round(load.Load, 4), .. row] : row);
            }
        }

        return table;
    }

    /// <summary>With one load its policies are members of the object; with several, <c>loads</c> has an object for each.</summary>
    public static void WriteJson(Utf8JsonWriter json, SimulationSettings settings, bool perRequest, string costModel, IReadOnlyList<LoadResults> loads)
    {
        Workload workload = loads[0].Workload;
        json.WriteString("workload", workload.Name);
        json.WriteNumber("requests", workload.Totals.Count);
        json.WriteNumber("skipped", workload.Skipped);
        json.WriteNumber("prompt_tokens", workload.Totals.PromptTokens);
        json.WriteNumber("output_tokens", workload.Totals.OutputTokens);
        json.WriteString("cost_model", costModel);
        json.WriteNumber("kv_tokens", settings.KvTokens);
        json.WriteNumber("block_size", settings.BlockTokens);
        json.WriteString("output_lengths", settings.OutputLengths.ToString());
        json.WriteString("eviction", settings.Eviction == EvictionMode.Restart ? EngineOptions.Restart : EngineOptions.Recompute);
        json.WriteNumber("seed", settings.Seed);
        if (loads.Count == 1)
        {
            WriteLoad(json, loads[0], perRequest);
            return;
        }

        json.WriteStartArray("loads");
        foreach (LoadResults load in loads)
        {
            json.WriteStartObject();
            WriteLoad(json, load, perRequest);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static object?[] FiguresOf(SimulationResult result) =>
    [
        result.Latency.Mean.TotalSeconds,
        result.Latency.Quantile(0.5).TotalSeconds,
        result.Latency.Quantile(0.9).TotalSeconds,
        result.Latency.Quantile(0.99).TotalSeconds,
        result.Latency.Max.TotalSeconds,
        result.TimeToFirstToken.Mean.TotalSeconds,
        result.TimeToFirstToken.Quantile(0.99).TotalSeconds,
        result.TimePerOutputToken.Mean.TotalSeconds,
        result.QueueTime.Mean.TotalSeconds,
        result.Makespan.TotalSeconds,
        result.Steps,
        result.Evictions,
        result.RecomputedShare,
        result.KvShare.Mean,
        result.RequestsPerSecond,
        result.OutputTokensPerSecond,
        result.Goodput,
        result.Refused,
    ];

    private static void WriteLoad(Utf8JsonWriter json, LoadResults load, bool perRequest)
    {
        json.WriteNumberOrNull("load", load.Load);
        json.WriteStartObject("policies");
        foreach (PolicyResult policy in load.Policies)
        {
            json.WriteStartObject(policy.Label);
            Write(json, policy.Result, perRequest);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, SimulationResult result, bool perRequest)
    {
        Write(json, "latency", result.Latency);
        Write(json, "ttft", result.TimeToFirstToken);
        Write(json, "tpot", result.TimePerOutputToken);
        Write(json, "queue_time", result.QueueTime);
        json.WriteNumber("makespan", result.Makespan.TotalSeconds);
        json.WriteNumber("steps", result.Steps);
        json.WriteNumber("completions", result.Completions);
        json.WriteNumber("refused", result.Refused);
        json.WriteNumber("evictions", result.Evictions);
        json.WriteNumber("recomputed_share", result.RecomputedShare);
        json.WriteNumber("kv_utilisation", result.KvShare.Mean);
        json.WriteNumber("kv_utilisation_max", result.KvShare.Max);
        json.WriteNumber("throughput", result.RequestsPerSecond);
        json.WriteNumber("output_tokens_per_second", result.OutputTokensPerSecond);
        json.WriteNumberOrNull("goodput", result.Goodput);
        if (perRequest)
        {
            WriteRequests(json, result);
        }
    }

    private static void WriteRequests(Utf8JsonWriter json, SimulationResult result)
    {
        json.WriteStartArray("requests");
        foreach (RequestTimes? times in result.Requests)
        {
            if (times is not { } request)
            {
                json.WriteNullValue();
                continue;
            }

            json.WriteStartObject();
            json.WriteNumber("ttft", request.TimeToFirstToken.TotalSeconds);
            json.WriteNumber("latency", request.Latency.TotalSeconds);
            json.WriteNumber("queue", request.QueueTime.TotalSeconds);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, string name, TimeDistribution times)
    {
        json.WriteStartObject(name);
        json.WriteNumber("mean", times.Mean.TotalSeconds);
        json.WriteNumber("p50", times.Quantile(0.5).TotalSeconds);
        json.WriteNumber("p90", times.Quantile(0.9).TotalSeconds);
        json.WriteNumber("p99", times.Quantile(0.99).TotalSeconds);
        json.WriteNumber("max", times.Max.TotalSeconds);
        json.WriteEndObject();
    }
}
