namespace KvScheduling.Simulation;

/// <summary>Sums over a workload, and the load that it is to an engine.</summary>
public sealed record WorkloadTotals
{
    private WorkloadTotals()
    {
    }

    /// <summary>How many requests.</summary>
    public long Count { get; private set; }

    /// <summary>Prompt tokens of all.</summary>
    public long PromptTokens { get; private set; }

    /// <summary>Output tokens of all.</summary>
    public long OutputTokens { get; private set; }

    /// <summary>The longest output.</summary>
    public int LongestOutput { get; private set; }

    /// <summary>The largest prompt and output together.</summary>
    public long LargestPeak { get; private set; }

    /// <summary>Token-steps of KV over the lives of all requests.</summary>
    public double Volume { get; private set; }

    /// <summary>From the first arrival to the last.</summary>
    public TimeSpan Duration { get; private set; }

    /// <summary>Reads a workload through.</summary>
    /// <param name="workload">The requests.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static WorkloadTotals Of(IEnumerable<WorkloadRequest> workload, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(workload);
        var totals = new WorkloadTotals();
        TimeSpan? first = null;
        foreach (WorkloadRequest request in workload)
        {
            cancellationToken.ThrowIfCancellationRequested();
            totals.Count++;
            totals.PromptTokens += request.PromptTokens;
            totals.OutputTokens += request.OutputTokens;
            totals.LongestOutput = Math.Max(totals.LongestOutput, request.OutputTokens);
            totals.LargestPeak = Math.Max(totals.LargestPeak, request.Peak);
            totals.Volume += request.Volume;
            first ??= request.Arrival;
            totals.Duration = request.Arrival - first.Value;
        }

        return totals;
    }

    /// <summary>The totals of the same requests when they arrive faster or slower.</summary>
    /// <param name="scale">The factor on their rate; above 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="scale"/> is not above 0.</exception>
    public WorkloadTotals AtRate(double scale)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(scale);
        return this with { Duration = Duration / scale };
    }

    /// <summary>The time that an engine needs for all the work when its KV cache is full all the time: what no scheduler can beat by much.</summary>
    /// <remarks>
    /// <para>The number of steps is the largest of volume / KV budget, output tokens / most running requests and tokens / most tokens per step. The work is spread over
    /// them evenly, and the cost model
    /// prices the mean step; so the overhead of a step, prefill, decode rows and reading KV all count.</para>
    /// <para>With one second per round it is volume / budget; with 1 + prefill/512 it is volume / budget + prompt tokens / 512.</para>
    /// </remarks>
    /// <param name="settings">The engine.</param>
    public TimeSpan BusyTime(SimulationSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        double decodes = OutputTokens - Count;
        double steps = Math.Max(Volume / settings.KvTokens, (double)OutputTokens / settings.MaxRunningRequests);
        steps = Math.Max(steps, (PromptTokens + decodes) / settings.MaxStepTokens);
        if (steps == 0)
        {
            return TimeSpan.Zero;
        }

        // What is held while it decodes: all but the prompt's own step.
        double decodeKv = Volume - PromptTokens - OutputTokens;
        double perStep = MeanStep.Price(settings.CostModel, PromptTokens / steps, decodes / steps, decodes > 0 ? decodeKv / decodes : 0);
        return TimeSpan.FromSeconds(perStep * steps);
    }

    /// <summary>The load: <see cref="BusyTime"/> / <see cref="Duration"/>. Above 1 no scheduler keeps up.</summary>
    /// <param name="settings">The engine.</param>
    public double Load(SimulationSettings settings) => Duration > TimeSpan.Zero ? BusyTime(settings) / Duration : double.PositiveInfinity;
}
