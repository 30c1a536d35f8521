using System.Diagnostics;

namespace KvScheduling;

/// <summary>A request of a real caller: what the core schedules, with its token stream and everything that is told about it at the end.</summary>
internal sealed class LiveRequest : SchedulableRequest, IGenerationSource
{
    private readonly SchedulerLoop _loop;
    private readonly GenerationRequest _request;
    private readonly int[] _prompt;
    private readonly IReadOnlyList<int> _endTokens;
    private readonly ulong[] _prefixBlocks;
    private readonly CancellationToken _cancellationToken;
    private CancellationTokenRegistration _registration;
    private TimeSpan? _startedAt;
    private TimeSpan? _firstTokenAt;
    private TimeSpan _lastTokenAt;
    private int _placeHeld = 1;

    public LiveRequest(SchedulerLoop loop, GenerationRequest request, int maxOutputTokens, SchedulingHints hints, CancellationToken cancellationToken)
        : base(request.PromptTokens.Length, maxOutputTokens, hints)
    {
        EngineDescription engine = loop.Engine;
        _loop = loop;
        _request = request;

        // A copy: the prompt is compared with later ones as long as its KV is parked, and the caller's memory may be used again by then.
        _prompt = request.PromptTokens.ToArray();
        _endTokens = request.IgnoreEndTokens ? [] : engine.EndTokens;
        _prefixBlocks = engine.PrefixReuse == PrefixReuse.None
            ? []
            : PrefixHash.Blocks(_prompt, engine.BlockTokens, hints.PrefixScope ?? loop.Options.PrefixScope, hints.Tenant);
        _cancellationToken = cancellationToken;
        Id = "req-" + Guid.CreateVersion7().ToString("n");
        Sampling = request.Sampling is { IsGreedy: false, Seed: null } ? request.Sampling with { Seed = Random.Shared.NextInt64() } : request.Sampling;
        Stream = new TokenStream(maxOutputTokens);
        SubmittedAt = loop.Now;
        Activity = LoopTelemetry.Submitted(this, engine);
    }

    public string Id { get; }

    public string ModelId => _loop.Engine.ModelId;

    public TimeSpan SubmittedAt { get; }

    public TokenStream Stream { get; }

    public GenerationResult? Result { get; private set; }

    public SamplingSettings Sampling { get; }

    public Activity? Activity { get; }

    public ReadOnlySpan<int> Prompt => _prompt;

    public ReadOnlySpan<int> Output => Stream.Written.Span[..GeneratedTokens];

    /// <summary>Whether the loop is through with it.</summary>
    public bool HasEnded { get; private set; }

    public OutputConstraint? Constraint => _request.Constraint;

    internal override ReadOnlySpan<ulong> PrefixBlocks => _prefixBlocks;

    /// <summary>Starts to listen to the caller's token; called after the request is in the mailbox, so that the cancel message comes behind it.</summary>
    public void ListenToCaller()
    {
        if (_cancellationToken.CanBeCanceled)
        {
            _registration = _cancellationToken.UnsafeRegister(static state => ((LiveRequest)state!).Cancel(), this);
        }
    }

    public void Cancel()
    {
        // The caller is released at once; the loop frees the KV within its step.
        if (Stream.TryEnd(new OperationCanceledException(_cancellationToken)))
        {
            _loop.PostCancel(this);
        }
    }

    public void Finish() => _loop.PostFinish(this);

    /// <summary>Gives the place in the line back, once.</summary>
    public void LeaveDoor()
    {
        if (Interlocked.Exchange(ref _placeHeld, 0) == 1)
        {
            _loop.Door.Leave(PromptTokens);
        }
    }

    /// <summary>Ends a request that never reached the core, or that a broken core can't end.</summary>
    public void Refuse(in RequestEnd end, TimeSpan now)
    {
        ArrivalTime = SubmittedAt;
        State = end.State;
        OnEnded(end, now);
    }

    internal override bool IsEndToken(int token)
    {
        for (int i = 0; i < _endTokens.Count; i++)
        {
            if (_endTokens[i] == token)
            {
                return true;
            }
        }

        IReadOnlyList<int> stops = _request.StopTokens;
        for (int i = 0; i < stops.Count; i++)
        {
            if (stops[i] == token)
            {
                return true;
            }
        }

        return false;
    }

    internal override bool StartsWith(SchedulableRequest earlier, int tokens)
    {
        var other = (LiveRequest)earlier;
        int prompt = Math.Min(tokens, other.PromptTokens);
        return tokens <= PromptTokens
            && Prompt[..prompt].SequenceEqual(other.Prompt[..prompt])
            && Prompt[prompt..tokens].SequenceEqual(other.Stream.Written.Span[..(tokens - prompt)]);
    }

    internal override void OnStarted(TimeSpan now)
    {
        if (_startedAt is null)
        {
            _startedAt = now;
            _loop.Telemetry.Started(this, now - ArrivalTime);
        }

        LeaveDoor();
    }

    internal override void OnToken(int token, TimeSpan now)
    {
        _firstTokenAt ??= now;
        _lastTokenAt = now;
        Stream.Write(token);
    }

    internal override void OnEnded(in RequestEnd end, TimeSpan now)
    {
        LeaveDoor();
        SchedulingReport report = CreateReport(now);
        switch (end.State)
        {
            case RequestState.Completed:
                Result = new GenerationResult(Stream.Written, end.FinishReason, report);
                Stream.TryEnd(null);
                break;
            case RequestState.Cancelled:
                Stream.TryEnd(new OperationCanceledException(_cancellationToken));
                break;
            case RequestState.Rejected:
                Stream.TryEnd(new SchedulingRejectedException(end.Rejection, end.Message ?? end.Rejection.ToString(), _loop.RetryAfter(end.Rejection), end.Error));
                break;
            default:
                Stream.TryEnd(end.Error as EngineFaultException ?? new EngineFaultException("The engine failed on this request; see the inner exception.", false, end.Error));
                break;
        }

        _registration.Unregister();
        _loop.Telemetry.Ended(this, end, report);
        HasEnded = true;
        _loop.Live.Remove(this);
    }

    private SchedulingReport CreateReport(TimeSpan now) => new()
    {
        EngineInstance = _loop.Identity.InstanceName,
        Policy = _loop.PolicyName,
        PromptTokens = PromptTokens,
        OutputTokens = GeneratedTokens,
        CachedTokens = CachedTokens,
        QueueTime = (_startedAt ?? now) - ArrivalTime,
        HoldTime = HoldTime,
        TimeToFirstToken = _firstTokenAt - ArrivalTime,
        TimePerOutputToken = GeneratedTokens >= 2 && _firstTokenAt is { } first ? (_lastTokenAt - first) / (GeneratedTokens - 1) : null,
        Latency = now - ArrivalTime,
        Evictions = Evictions,
        RecomputedTokens = RecomputedTokens,
    };
}
