namespace KvScheduling.Simulation;

/// <summary>Reads workloads from files: plain CSV, and the trace formats of Azure, Mooncake and Vidur. The columns say which it is.</summary>
/// <remarks>
/// <para>Plain CSV: <c>arrival_seconds,prompt_tokens,output_tokens</c>; without <c>arrival_seconds</c> everything is there at the beginning.</para>
/// <para>Azure LLM inference traces (2023, 2024): CSV with <c>TIMESTAMP,ContextTokens,GeneratedTokens</c>; arrivals count from the first row.</para>
/// <para>Vidur: CSV with <c>arrived_at,num_prefill_tokens,num_decode_tokens</c>, seconds; <c>arrived_at</c> may be missing.</para>
/// <para>Mooncake: a JSON object per line with <c>timestamp</c> (milliseconds), <c>input_length</c> and <c>output_length</c>.</para>
/// </remarks>
public static class WorkloadFile
{
    /// <summary>Reads a file, row by row, as the requests are asked for.</summary>
    /// <param name="path">The file: <c>.jsonl</c> for a JSON object per line, otherwise CSV with a header.</param>
    /// <returns>The requests; each enumeration reads the file anew.</returns>
    /// <exception cref="WorkloadException">While it is enumerated: the file can't be read, or a column or a row is wrong; the message names it.</exception>
    public static IEnumerable<WorkloadRequest> Read(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return Path.GetExtension(path).Equals(".jsonl", StringComparison.OrdinalIgnoreCase) ? JsonLinesTrace.Read(path) : CsvTrace.Read(path);
    }
}
