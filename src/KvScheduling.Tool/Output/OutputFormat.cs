namespace KvScheduling.Tool;

/// <summary>How results are written.</summary>
internal enum OutputFormat
{
    /// <summary>For people.</summary>
    Table,

    /// <summary>One JSON object with everything.</summary>
    Json,

    /// <summary>The table's figures, unrounded, with a header.</summary>
    Csv,

    /// <summary>The table for people, as Markdown.</summary>
    Markdown,
}
