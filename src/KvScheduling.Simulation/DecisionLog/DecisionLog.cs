using System.Text.Json;

namespace KvScheduling.Simulation;

/// <summary>Reads decision logs (<see cref="DecisionLogOptions"/>): replays them through the scheduler, and takes measured steps out of them.</summary>
public static class DecisionLog
{
    /// <summary>Tells a scheduler of the same settings everything that the logged one was told, at the same times, and compares what it decides, byte for byte.</summary>
    /// <param name="log">The log; read to its end.</param>
    /// <param name="policies">Policies of the application's own, by name, where the log was written under one.</param>
    /// <param name="progress">Told of the number of lines compared now and then.</param>
    /// <param name="cancellationToken">Ends the replay.</param>
    /// <returns>Whether everything is equal, or the first line that is not.</returns>
    /// <exception cref="DecisionLogException">It is no decision log, has another version, or its scheduler can't be made again.</exception>
    /// <exception cref="OperationCanceledException">The replay was cancelled.</exception>
    public static ReplayResult Replay(
        Stream log,
        IReadOnlyDictionary<string, Func<PolicyContext, ISchedulingPolicy>>? policies = null,
        IProgress<long>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(log);
        return new LogReplay(log, policies).Run(progress, cancellationToken);
    }

    /// <summary>Whether a file begins like a decision log.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">It can't be read.</exception>
    public static bool IsOne(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        using FileStream file = File.OpenRead(path);
        Span<byte> start = stackalloc byte[Start.Length];
        return file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length && start.SequenceEqual(Start);
    }

    /// <summary>The steps that ran whole, with what they computed and how long they took: for fitting a cost model.</summary>
    /// <param name="log">The log.</param>
    /// <returns>The steps in order, read as they are asked for. Steps around missing records are left out.</returns>
    /// <exception cref="DecisionLogException">While it is enumerated: it is no decision log, or a line can't be read; the message names it.</exception>
    public static IEnumerable<StepTime> Steps(Stream log)
    {
        ArgumentNullException.ThrowIfNull(log);
        return StepsOf(log);
    }

    /// <summary>What happened to requests and to the KV cache: for the comparison of runs.</summary>
    /// <param name="log">The log.</param>
    /// <exception cref="DecisionLogException">It is no decision log, or a line can't be read; the message names it.</exception>
    public static RecordedRun Read(Stream log)
    {
        ArgumentNullException.ThrowIfNull(log);
        var run = new RecordedRun();
        foreach (JsonElement record in Records(log))
        {
            run.Add(record);
        }

        return run;
    }

    private static ReadOnlySpan<byte> Start => "{\"log\":\"kvscheduling-decisions\""u8;

    private static IEnumerable<StepTime> StepsOf(Stream log)
    {
        (int Prefill, int Rows, long Kv, long At)? planned = null;
        foreach (JsonElement record in Records(log))
        {
            string? call = record.GetProperty(DecisionLogFormat.Do).GetString();
            if (call == DecisionLogFormat.Plan)
            {
                planned = record.TryGetProperty(DecisionLogFormat.Shape, out JsonElement shape)
                    ? (shape[0].GetInt32(), shape[1].GetInt32(), shape[2].GetInt64(), record.GetProperty(DecisionLogFormat.At).GetInt64())
                    : null;
            }
            else if (call == DecisionLogFormat.Step && planned is var (prefill, rows, kv, at))
            {
                yield return new StepTime(prefill, rows, kv, TimeSpan.FromTicks(record.GetProperty(DecisionLogFormat.At).GetInt64() - at).TotalMilliseconds);
                planned = null;
            }
            else if (call is not (DecisionLogFormat.Cancel or DecisionLogFormat.Finish or DecisionLogFormat.Arrive))
            {
                planned = null;
            }
        }
    }

    /// <summary>All records behind the header.</summary>
    private static IEnumerable<JsonElement> Records(Stream log)
    {
        var lines = new LogLines(log);
        LogHeader.Read(lines);
        while (lines.Next())
        {
            JsonElement record;
            try
            {
                record = JsonElement.Parse(lines.Current.Span);
            }
            catch (JsonException error)
            {
                throw new DecisionLogException($"Line {lines.Number} is not a record of a decision log: {error.Message}", error);
            }

            yield return record;
        }
    }
}
