namespace KvScheduling.Baselines;

/// <summary>By priority, then by start tag: S = max(V, last finish tag of its tenant), F = S + (prompt + output limit) / weight, V = S of the last that started.</summary>
/// <remarks>Start-time fair queueing (Goyal, Vin, Cheng, 1996). Tags are fixed when a request joins the line; a tenant with nothing in the system starts again at V.</remarks>
internal sealed class StartTimeFairOrder(Func<string, double> weightOf) : ILineOrder
{
    private readonly Dictionary<string, Flow> _flows = new(StringComparer.Ordinal);
    private readonly Dictionary<SchedulableRequest, double> _tags = [];

    /// <summary>The virtual time.</summary>
    public double VirtualTime { get; private set; }

    public LineKey KeyOf(SchedulableRequest request)
    {
        if (!_tags.TryGetValue(request, out double tag))
        {
            tag = Tag(request);
            _tags.Add(request, tag);
        }

        return new LineKey(-(long)request.Priority, IsNew: true, tag, (ulong)request.ArrivalIndex);
    }

    public void OnStarted(SchedulableRequest request) => VirtualTime = _tags[request];

    private double Tag(SchedulableRequest request)
    {
        string tenant = request.Tenant ?? string.Empty;
        if (!_flows.TryGetValue(tenant, out Flow? flow))
        {
            flow = new Flow();
            _flows.Add(tenant, flow);
        }

        while (flow.Open.TryPeek(out SchedulableRequest? oldest) && oldest.State > RequestState.Running)
        {
            _tags.Remove(flow.Open.Dequeue());
        }

        double start = flow.Open.Count == 0 ? VirtualTime : Math.Max(VirtualTime, flow.LastFinish);
        flow.LastFinish = start + (((double)request.PromptTokens + request.MaxOutputTokens) / weightOf(tenant));
        flow.Open.Enqueue(request);
        return start;
    }

    private sealed class Flow
    {
        public double LastFinish { get; set; }

        /// <summary>Its requests in the order of arrival; those that ended are dropped as they come up.</summary>
        public Queue<SchedulableRequest> Open { get; } = new();
    }
}
