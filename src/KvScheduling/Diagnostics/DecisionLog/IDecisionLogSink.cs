namespace KvScheduling;

/// <summary>Where records of a decision log go: a file behind a queue, a stream, or the comparison of a replay.</summary>
internal interface IDecisionLogSink
{
    /// <summary>Takes a record: a JSON object without its closing brace. The memory is used again afterwards.</summary>
    void Write(ReadOnlySpan<byte> body);
}
