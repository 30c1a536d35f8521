namespace KvScheduling.Simulation;

/// <summary>The columns that a workload may have beside times and lengths. An empty field is one that is not there.</summary>
internal sealed class CsvHints
{
    private const double LongestSeconds = 1e9;

    private readonly CsvRows _rows;
    private readonly int _tenant;
    private readonly int _priority;
    private readonly int _deadline;
    private readonly int _least;
    private readonly int _most;

    /// <exception cref="WorkloadException">Of two columns that belong together one is missing.</exception>
    public CsvHints(CsvRows rows, string path)
    {
        _rows = rows;
        _tenant = rows.Find("tenant");
        _priority = rows.Find("priority");
        _deadline = rows.Find("deadline_seconds");
        _least = rows.Find("min_output_tokens");
        _most = rows.Find("max_output_tokens");
        if ((_least >= 0) != (_most >= 0))
        {
            throw new WorkloadException($"{path} has one of the columns 'min_output_tokens' and 'max_output_tokens'. Give both, or none.");
        }
    }

    /// <summary>The request of the present row, with what these columns say about it.</summary>
    /// <exception cref="WorkloadException">A field can't be used.</exception>
    public WorkloadRequest AddTo(WorkloadRequest request) => request with
    {
        Tenant = Has(_tenant) ? _rows.Text(_tenant) : null,
        Priority = Has(_priority) ? _rows.Whole(_priority, int.MinValue, "a whole number; higher runs first") : 0,
        Deadline = Has(_deadline) ? Deadline() : null,
        PredictedOutput = _least >= 0 ? new OutputInterval(_rows.Tokens(_least), _rows.Tokens(_most)) : null,
    };

    private bool Has(int column) => column >= 0 && !_rows.IsEmpty(column);

    private TimeSpan Deadline()
    {
        TimeSpan deadline = _rows.Seconds(_deadline, LongestSeconds, "seconds above zero, or empty");
        return deadline > TimeSpan.Zero ? deadline : throw _rows.Wrong(_deadline, "seconds above zero, or empty");
    }
}
