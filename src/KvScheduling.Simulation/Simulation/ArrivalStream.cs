namespace KvScheduling.Simulation;

/// <summary>The workload as it arrives: read one request ahead, never held as a whole.</summary>
internal sealed class ArrivalStream : IDisposable
{
    private readonly IEnumerator<WorkloadRequest> _source;
    private readonly RequestFactory _factory;
    private SimulatedRequest? _next;
    private TimeSpan _nextArrival;
    private long _count;

    public ArrivalStream(IEnumerable<WorkloadRequest> workload, RequestFactory factory)
    {
        _source = workload.GetEnumerator();
        _factory = factory;
        Read();
    }

    /// <summary>When the next request arrives; null when all have.</summary>
    public TimeSpan? Next => _next is null ? null : _nextArrival;

    public SimulatedRequest Take()
    {
        SimulatedRequest request = _next!;
        Read();
        return request;
    }

    public void Dispose() => _source.Dispose();

    private void Read()
    {
        if (!_source.MoveNext())
        {
            _next = null;
            return;
        }

        WorkloadRequest request = _source.Current;
        if (request.Arrival < _nextArrival)
        {
            throw new WorkloadException(_count, $"Row {_count + 1} arrives at {request.Arrival}, before the row in front of it ({_nextArrival}). Sort the workload by arrival.");
        }

        _next = _factory.Create(request, _count++);
        _nextArrival = request.Arrival;
    }
}
