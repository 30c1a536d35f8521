namespace KvScheduling;

/// <summary>The line of a paper-exact policy: in the order of arrival, with steps planned by the policy's own discipline.</summary>
internal sealed class PaperExactPolicy(string name, Func<SchedulerState, IStepDiscipline> createDiscipline) : IDisciplinedPolicy
{
    private readonly FcfsPolicy _line = new();

    public string Name => name;

    public int Count => _line.Count;

    /// <exception cref="ArgumentException">The options name no types.</exception>
    public static ISchedulingPolicy Wait(PolicyContext context)
    {
        WaitOptions options = context.Options.Wait;
        return options.Types.Count > 0
            ? new PaperExactPolicy(SchedulingPolicies.Wait, state => new WaitDiscipline(state, options))
            : throw new ArgumentException($"{nameof(KvSchedulingOptions.Wait)}.{nameof(WaitOptions.PaperExact)} needs {nameof(WaitOptions.Types)}: their lengths and thresholds.", nameof(context));
    }

    /// <exception cref="ArgumentException">The options name no segments.</exception>
    public static ISchedulingPolicy NestedWait(PolicyContext context)
    {
        NestedWaitOptions options = context.Options.NestedWait;
        TimeSpan progressAfter = context.Options.Wait.ProgressAfter;
        return options.Segments.Count > 0
            ? new PaperExactPolicy(SchedulingPolicies.NestedWait, state => new NestedWaitDiscipline(state, options, progressAfter))
            : throw new ArgumentException($"{nameof(KvSchedulingOptions.NestedWait)}.{nameof(NestedWaitOptions.PaperExact)} needs {nameof(NestedWaitOptions.Segments)}: their ends and thresholds.", nameof(context));
    }

    public IStepDiscipline CreateDiscipline(SchedulerState state) => createDiscipline(state);

    public void Add(SchedulableRequest request) => _line.Add(request);

    public void Remove(SchedulableRequest request) => _line.Remove(request);

    public int Peek(Span<SchedulableRequest> candidates) => _line.Peek(candidates);
}
