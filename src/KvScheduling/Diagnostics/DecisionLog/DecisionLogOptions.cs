namespace KvScheduling;

/// <summary>Where a scheduler writes its decision log, if it writes one: everything that its decisions depend on, and the decisions, without any text, token or tenant name.</summary>
/// <remarks>A replay of the log through the scheduler must make the same decisions, byte for byte; <c>kvsched replay</c> does that. The loop never waits for the log: what can't be buffered is
/// left out, counted, and the log says that it is incomplete from there on.</remarks>
public sealed class DecisionLogOptions
{
    /// <summary>The file. Its folder is created; a file of this name is kept as <c>NAME.previous</c>, instead of an older one.</summary>
    /// <value>The default value is <see langword="null"/>: no log.</value>
    public string? Path { get; set; }

    /// <summary>The size at which the log ends.</summary>
    /// <value>At least 65,536 bytes. The default value is 1 GiB.</value>
    public long MaxBytes { get; set; } = 1L << 30;

    /// <summary>How many records may wait to be written. A step makes two, an arrival one.</summary>
    /// <value>From 16 to 1,048,576. The default value is 8192.</value>
    public int BufferedRecords { get; set; } = 8192;

    /// <summary>How long a stopping scheduler waits for what is not written yet: a disk that hangs must not keep the process.</summary>
    internal TimeSpan StopGrace { get; set; } = TimeSpan.FromSeconds(30);
}
