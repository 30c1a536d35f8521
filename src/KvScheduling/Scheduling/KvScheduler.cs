using System.Runtime.CompilerServices;

namespace KvScheduling;

/// <summary>The door of one scheduler: checks a request, takes its place, hands it to the loop.</summary>
internal sealed class KvScheduler(SchedulerLoop loop, ILengthPredictor? predictor) : IKvScheduler, IDisposable, IAsyncDisposable
{
    public EngineDescription Engine => loop.Engine;

    public ITextCodec? TextCodec => loop.TextCodec;

    public SchedulerLoop Loop => loop;

    public Task StartAsync(CancellationToken cancellationToken = default)
    {
        Task start = loop.StartAsync();
        return start.IsCompleted || !cancellationToken.CanBeCanceled ? start : start.WaitAsync(cancellationToken);
    }

    public SchedulingChatClient CreateChatClient() => new(this, loop.Options.ToolCallFormat, loop.Time);

    public Task StopAsync(CancellationToken cancellationToken) => loop.StopAsync(cancellationToken);

    public QueuePlace Reserve()
    {
        EnsureStarted();
        Enter();
        return new QueuePlace(loop.Door, 0);
    }

    public Generation Submit(GenerationRequest request, QueuePlace? place = null, CancellationToken cancellationToken = default)
    {
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            EnsureStarted();
            RequestChecks.Validate(request, loop.Engine);
            int maxOutputTokens = OutputLimit(request);
            RefuseHopeless(request, maxOutputTokens);
            place ??= Reserve();
            EnterWithPrompt(place, request.PromptTokens.Length);
            var live = new LiveRequest(loop, request, maxOutputTokens, ExpectLength(request), cancellationToken);
            live.Place.IsBulk = place.IsBacklog;
            return Post(live);
        }
        catch
        {
            place?.Dispose();
            throw;
        }
    }

    public IAsyncEnumerable<BacklogResult> DrainAsync(IAsyncEnumerable<GenerationRequest> backlog, IProgress<BacklogProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(backlog);
        return Drain(backlog, progress, cancellationToken);
    }

    public SchedulerSnapshot GetSnapshot()
    {
        PublishedState state = loop.ReadState();
        return new SchedulerSnapshot
        {
            EngineInstance = loop.Identity.InstanceName,
            Policy = loop.PolicyName,
            Status = state.Status,
            KvBudgetTokens = state.KvBudgetTokens,
            KvUsedTokens = state.KvUsedTokens,
            KvReservedTokens = state.KvReservedTokens,
            KvParkedTokens = state.KvParkedTokens,
            WaitingRequests = state.WaitingRequests,
            WaitingTokens = state.WaitingTokens,
            RunningRequests = state.RunningRequests,
            Steps = state.Counters.Steps,
            Evictions = state.Counters.Evictions,
            PrefillTokens = state.Counters.PrefillTokens,
            RecomputedTokens = state.Counters.RecomputedTokens,
            CachedTokens = state.Counters.CachedTokens,
            OutputTokens = state.Counters.OutputTokens,
            CompletedRequests = state.Counters.Completed,
            RejectedRequests = state.Counters.Rejected,
            CancelledRequests = state.Counters.Cancelled,
            FailedRequests = state.Counters.Failed,
            EstimateQuantile = state.EstimateQuantile,
            HeadWaitReason = state.HeadWaitReason,
            Regime = state.Regime,
            HeldRequests = state.Counters.Held,
            TokensPerSecond = state.RunningRequests == 0 && loop.Now - state.LastStepAt >= LoopSpeed.Window ? 0 : state.OutputTokensPerSecond,
        };
    }

    /// <summary>A place for a backlog's next request, as soon as the line has room.</summary>
    public async Task<QueuePlace> ReserveWhenFreeAsync(int promptTokens, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task change = loop.Door.WaitForChangeAsync();
            DoorAnswer answer = loop.Door.TryEnter(promptTokens);
            if (answer == DoorAnswer.Open)
            {
                return new QueuePlace(loop.Door, promptTokens) { IsBacklog = true };
            }

            if (answer == DoorAnswer.Closed)
            {
                throw Refuse(answer);
            }

            await change.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    public async ValueTask DisposeAsync()
    {
        await loop.StopAsync(CancellationToken.None).ConfigureAwait(false);
        loop.Dispose();
    }

    private async IAsyncEnumerable<BacklogResult> Drain(
        IAsyncEnumerable<GenerationRequest> backlog, IProgress<BacklogProgress>? progress, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await StartAsync(cancellationToken).ConfigureAwait(false);
        var drain = new BacklogDrain(this, backlog, progress, cancellationToken);
        await using (drain.ConfigureAwait(false))
        {
            await foreach (BacklogResult result in drain.ReadAsync().ConfigureAwait(false))
            {
                yield return result;
            }
        }
    }

    private void EnsureStarted()
    {
        Task start = loop.StartAsync();
        if (!start.IsCompletedSuccessfully)
        {
            start.GetAwaiter().GetResult();
        }
    }

    private void Enter()
    {
        DoorAnswer answer = loop.Door.TryEnter();
        if (answer != DoorAnswer.Open)
        {
            throw Refuse(answer);
        }
    }

    /// <summary>From here on the request holds the place; on failure nobody does.</summary>
    private void EnterWithPrompt(QueuePlace place, int promptTokens)
    {
        DoorAnswer answer = loop.Door.TryAddTokens(promptTokens - place.Tokens);
        if (answer != DoorAnswer.Open)
        {
            throw Refuse(answer);
        }

        if (!place.TryTake())
        {
            loop.Door.TakeBackTokens(promptTokens - place.Tokens);
            throw new InvalidOperationException("The place in the line was used or given back before.");
        }
    }

    private SchedulingHints ExpectLength(GenerationRequest request) =>
        predictor is not null && request.Hints.ExpectedOutputTokens is null && predictor.Predict(request) is int expected
            ? request.Hints with { ExpectedOutputTokens = Math.Max(expected, 1) }
            : request.Hints;

    private Generation Post(LiveRequest request)
    {
        if (!loop.Post(new LoopMessage(LoopMessageKind.Submit, request)))
        {
            request.LeaveDoor();
            throw Refuse(DoorAnswer.Closed);
        }

        request.ListenToCaller();
        return new Generation(request);
    }

    private SchedulingRejectedException Refuse(DoorAnswer answer)
    {
        SchedulingRejectedException refusal = loop.Door.Refusal(answer, answer == DoorAnswer.Closed ? null : loop.PredictedWait());
        loop.Telemetry.Refused(refusal.Reason);
        return refusal;
    }

    /// <summary>The output limit: what the request asks for, which must fit; else the default, shortened to what context and budget leave.</summary>
    private int OutputLimit(GenerationRequest request)
    {
        SchedulerCore core = loop.Core!;
        EngineDescription engine = loop.Engine;
        int prompt = request.PromptTokens.Length;
        long room = Math.Min(engine.MaxContextTokens, core.KvBudgetTokens) - prompt;
        int limit = request.MaxOutputTokens ?? (int)Math.Min(loop.Options.DefaultMaxOutputTokens, Math.Max(room, 1));
        if (core.CanEverFit(prompt, limit))
        {
            return limit;
        }

        loop.Telemetry.Refused(SchedulingRejection.TooLong);
        throw new SchedulingRejectedException(
            SchedulingRejection.TooLong,
            $"A prompt of {prompt} tokens with up to {limit} output tokens can never fit: the context of {engine.ModelId} is {engine.MaxContextTokens} tokens and the KV budget {core.KvBudgetTokens}. "
            + "Shorten the prompt, ask for fewer output tokens, or give the engine more KV.");
    }

    private void RefuseHopeless(GenerationRequest request, int maxOutputTokens)
    {
        if (request.Hints.Deadline is not { } deadline)
        {
            return;
        }

        PublishedState state = loop.ReadState();
        TimeSpan alone = TimeSpan.FromSeconds(state.MeanStepSeconds * Math.Min(request.Hints.ExpectedOutputTokens ?? 1, maxOutputTokens));
        TimeSpan wait = state.WaitingRequests > 0 ? loop.PredictedWait() ?? TimeSpan.Zero : TimeSpan.Zero;
        if (wait + alone <= deadline)
        {
            return;
        }

        loop.Telemetry.Refused(SchedulingRejection.DeadlineUnreachable);
        throw new SchedulingRejectedException(
            SchedulingRejection.DeadlineUnreachable,
            $"The answer can't be complete within {deadline}: at the measured speed the line takes about {wait}, and the request alone {alone}.",
            wait > TimeSpan.Zero ? wait : null);
    }
}
