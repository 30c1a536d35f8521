namespace KvScheduling.Simulation;

/// <summary>Makes the requests that the core schedules from those of the workload.</summary>
internal sealed class RequestFactory(SimulationRun run, SimulationSettings settings, SchedulerCore core, int maxContextTokens)
{
    /// <exception cref="WorkloadException">No engine of these settings can ever run it.</exception>
    public SimulatedRequest Create(in WorkloadRequest request, long index)
    {
        if (request.PromptTokens < 1 || request.OutputTokens < 1 || request.Arrival < TimeSpan.Zero || request.Patience <= TimeSpan.Zero || request.Deadline <= TimeSpan.Zero)
        {
            throw new WorkloadException(index, $"Row {index + 1} has {request.PromptTokens} prompt tokens, {request.OutputTokens} output tokens and arrives at "
                + $"{request.Arrival}. Lengths must be at least 1, arrivals not negative, patience and deadlines above zero.");
        }

        int output = Math.Min(request.OutputTokens, settings.MaxOutputTokens ?? int.MaxValue);
        if (!core.CanEverFit(request.PromptTokens, output))
        {
            long room = Math.Min(maxContextTokens, core.KvBudgetTokens);
            throw new WorkloadException(index, $"Row {index + 1} needs {(long)request.PromptTokens + output} KV tokens ({request.PromptTokens} prompt, {output} output), but "
                + $"a request may hold {room}. Raise the KV budget or the context, lower the output limit, or leave the request out.");
        }

        int limit = Math.Max(output, request.MaxOutputTokens ?? (settings.OutputLengths.Knowledge == OutputLengthKnowledge.Known ? output : Limit(request.PromptTokens)));
        int? hint = request.ExpectedOutputTokens ?? settings.OutputLengths.Hint(request.OutputTokens, limit, settings.Seed, index);
        SchedulingHints hints = hint is null && request is { Tenant: null, Priority: 0, Deadline: null }
            ? SchedulingHints.None
            : new SchedulingHints { ExpectedOutputTokens = hint, Tenant = request.Tenant, Priority = request.Priority, Deadline = request.Deadline };
        TimeSpan? givesUp = request.Arrival + request.Patience;
        return new SimulatedRequest(run, index, output, request.PromptTokens, limit, hints, givesUp);
    }

    /// <summary>What a caller who does not know the length asks for: the limit, within what the engine can hold.</summary>
    private int Limit(int promptTokens)
    {
        long room = Math.Min(maxContextTokens, core.KvBudgetTokens) - promptTokens;
        return (int)Math.Min(settings.MaxOutputTokens ?? int.MaxValue, room);
    }
}
