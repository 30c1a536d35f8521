using System.Buffers;
using System.Text;
using System.Text.Json;

namespace KvScheduling.Simulation;

/// <summary>A workload with a JSON object per line, as in the Mooncake traces; what else the objects have is skipped.</summary>
internal static class JsonLinesTrace
{
    private static readonly SearchValues<char> Blank = SearchValues.Create(" \t");

    public static IEnumerable<WorkloadRequest> Read(string path)
    {
        using StreamReader reader = Open(path);
        byte[] buffer = new byte[4096];
        for (int line = 1; reader.ReadLine() is string text; line++)
        {
            if (!text.AsSpan().ContainsAnyExcept(Blank))
            {
                continue;
            }

            if (buffer.Length < Encoding.UTF8.GetMaxByteCount(text.Length))
            {
                buffer = new byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
            }

            int length = Encoding.UTF8.GetBytes(text, buffer);
            yield return Parse(buffer.AsSpan(0, length), path, line);
        }
    }

    private static StreamReader Open(string path)
    {
        try
        {
            return new StreamReader(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new WorkloadException($"{path} can't be read: {error.Message}", error);
        }
    }

    private static WorkloadRequest Parse(ReadOnlySpan<byte> json, string path, int line)
    {
        double? timestamp = null;
        double? prompt = null;
        double? output = null;
        try
        {
            var reader = new Utf8JsonReader(json);
            reader.Read();
            while ((timestamp is null || prompt is null || output is null) && reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("timestamp"u8))
                {
                    timestamp = Number(ref reader);
                }
                else if (reader.ValueTextEquals("input_length"u8))
                {
                    prompt = Number(ref reader);
                }
                else if (reader.ValueTextEquals("output_length"u8))
                {
                    output = Number(ref reader);
                }
                else
                {
                    reader.Skip();
                }
            }
        }
        catch (JsonException error)
        {
            throw new WorkloadException($"{path}, line {line} is no JSON object: {error.Message} Give one object per line.", error);
        }

        return new WorkloadRequest(
            TimeSpan.FromTicks((long)(Field(timestamp, "timestamp", 0, path, line) * TimeSpan.TicksPerMillisecond)),
            (int)Field(prompt, "input_length", 1, path, line),
            (int)Field(output, "output_length", 1, path, line));
    }

    private static double Number(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.TokenType == JsonTokenType.Number && reader.TryGetDouble(out double value) ? value : double.NaN;
    }

    private static double Field(double? value, string name, int least, string path, int line)
    {
        if (value is null)
        {
            throw new WorkloadException($"{path}, line {line} has no '{name}'. Every line must have timestamp (milliseconds), input_length and output_length.");
        }

        return value >= least && value <= int.MaxValue
            ? value.Value
            : throw new WorkloadException($"{path}, line {line}: '{name}' must be a number, at least {least}. Correct the line or remove it.");
    }
}
