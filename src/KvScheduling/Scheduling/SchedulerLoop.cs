using System.Threading.Channels;

namespace KvScheduling;

/// <summary>One engine instance's loop as other threads see it: its mailbox, its door, its published state, its start and its stop.</summary>
/// <remarks>
/// The steps run in a <see cref="LoopThread"/>, which alone touches the core and the engine. When an engine call does not return, the watchdog takes the state from that thread
/// (<see cref="EngineGuard"/>) and a fresh thread goes on with a fresh engine.
/// </remarks>
internal sealed class SchedulerLoop : IDisposable
{
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(2);

    private readonly Channel<LoopMessage> _mailbox = Channel.CreateUnbounded<LoopMessage>(
        new UnboundedChannelOptions { SingleReader = true, AllowSynchronousContinuations = false });
    private readonly Func<PolicyContext, ISchedulingPolicy> _policyFactory;
    private readonly TimeProvider _time;
    private readonly long _epoch;
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _publishGate = new();
    private readonly ITimer _watchdog;
    private EngineDescription? _engine;
    private ITextCodec? _textCodec;
    private LoopThread? _thread;
    private DecisionLogWriter? _decisionLog;
    private PublishedState _published;
    private int _started;
    private int _finished;

    public SchedulerLoop(LoopIdentity identity, KvSchedulingOptions options, Func<IInferenceEngine> engineFactory, Func<PolicyContext, ISchedulingPolicy> policyFactory, LoopTelemetry telemetry, TimeProvider time)
    {
        Identity = identity;
        Options = options;
        EngineFactory = engineFactory;
        Telemetry = telemetry;
        Recovery = new EngineRecovery(options.MaxEngineRestarts);
        _policyFactory = policyFactory;
        _time = time;
        _epoch = time.GetTimestamp();
        _published.Status = SchedulerStatus.Starting;
        _watchdog = time.CreateTimer(static state => ((SchedulerLoop)state!).Watch(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public LoopIdentity Identity { get; }

    public KvSchedulingOptions Options { get; }

    public Func<IInferenceEngine> EngineFactory { get; }

    public LoopTelemetry Telemetry { get; }

    public EngineRecovery Recovery { get; }

    public TimeProvider Time => _time;

    public TimeSpan Now => _time.GetElapsedTime(_epoch);

    /// <summary>The line, the ledger and the rules; touched by the loop's thread only.</summary>
    public SchedulerCore? Core { get; private set; }

    public EngineDescription Engine => _engine ?? throw NotStarted();

    public ITextCodec? TextCodec => _engine is null ? throw NotStarted() : _textCodec;

    public string PolicyName => Core?.PolicyName ?? Options.Policy;

    /// <summary>The line's bounds; nothing enters before the engine is known.</summary>
    public Door Door { get; private set; } = new(0, 0);

    /// <summary>Every request that was taken from the mail and has not ended; touched by the loop's thread only.</summary>
    public HashSet<LiveRequest> Live { get; } = [];

    /// <summary>Mail from other threads; read by the loop's thread only.</summary>
    public ChannelReader<LoopMessage> Mail => _mailbox.Reader;

    /// <summary>Ends when the loop has stopped.</summary>
    public Task Stopped => _stopped.Task;

    /// <summary>Starts the thread, once; the task ends when requests can run, or fails with what kept the engine from being built.</summary>
    public Task StartAsync()
    {
        if (Interlocked.Exchange(ref _started, 1) == 0)
        {
            TimeSpan tick = Options.StallTimeout / 4;
            _watchdog.Change(tick, tick);
            _thread = new LoopThread(this);
            _thread.Start();
        }

        return _ready.Task;
    }

    /// <summary>The engine is there for the first time: makes the core and opens the door.</summary>
    public void Open(IInferenceEngine engine)
    {
        EngineDescription description = engine.Description;
        long budget = KvBudget.Resolve(Options, description);
        DecisionRecorder? recorder = OpenDecisionLog();
        Core = new SchedulerCore(Options, description, () => _policyFactory(new PolicyContext(Options, description, budget)), Telemetry, recorder);
        Door = new Door(Options.MaxQueuedRequests, Options.MaxQueuedTokens ?? (8 * Core.KvBudgetTokens));
        _textCodec = engine.TextCodec;
        _engine = description;
    }

    public void ReportReady() => _ready.TrySetResult();

    /// <summary>Hands a message to the loop; false when the loop has ended.</summary>
    public bool Post(LoopMessage message) => _mailbox.Writer.TryWrite(message);

    public void PostCancel(LiveRequest request) => Post(new LoopMessage(LoopMessageKind.Cancel, request));

    public void PostFinish(LiveRequest request) => Post(new LoopMessage(LoopMessageKind.Finish, request));

    public void Publish(in PublishedState state)
    {
        lock (_publishGate)
        {
            _published = state;
        }
    }

    public PublishedState ReadState()
    {
        lock (_publishGate)
        {
            return _published;
        }
    }

    /// <summary>When trying again may help, for the refusals where it can.</summary>
    public TimeSpan? RetryAfter(SchedulingRejection reason) =>
        reason is SchedulingRejection.QueueFull or SchedulingRejection.DeadlineUnreachable ? PredictedWait() : null;

    /// <summary>Work of the line over the measured speed: its prompts, and as much output each as requests had on average. Null before the first step.</summary>
    public TimeSpan? PredictedWait()
    {
        PublishedState state = ReadState();
        if (state.ComputedTokensPerSecond <= 0)
        {
            return null;
        }

        double meanOutput = state.Counters.Completed > 0 ? (double)state.Counters.OutputTokens / state.Counters.Completed : 0;
        double tokens = Door.Tokens + (Door.Requests * meanOutput);
        return TimeSpan.FromSeconds(Math.Min(tokens / state.ComputedTokensPerSecond, TimeSpan.FromDays(1).TotalSeconds));
    }

    /// <summary>Refuses new requests and lets the others finish; ends them when patience or the token runs out.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        Door.Close(SchedulingRejection.ShuttingDown);
        if (Interlocked.Exchange(ref _started, 1) == 0)
        {
            Finish(SchedulerStatus.Stopped, null);
            ReportStopped();
            return;
        }

        Post(new LoopMessage(LoopMessageKind.Drain));
        using var timeout = new CancellationTokenSource(Options.ShutdownTimeout, _time);
        using var impatience = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        using (impatience.Token.UnsafeRegister(static state => ((SchedulerLoop)state!).Post(new LoopMessage(LoopMessageKind.Abort)), this))
        {
            await Stopped.OrCancelled(impatience.Token).ConfigureAwait(false);
        }

        // A thread inside an engine call can't read its mail: after a grace the call is given up and its callers are released.
        while (!Stopped.IsCompleted)
        {
            using var grace = new CancellationTokenSource(StopGrace, _time);
            await Stopped.OrCancelled(grace.Token).ConfigureAwait(false);
            if (!Stopped.IsCompleted && _thread is { } thread && thread.Guard.TryTakeOver(StopGrace))
            {
                Telemetry.EngineHung(StopGrace);
                Finish(SchedulerStatus.Stopped, null);
                ReportStopped();
            }
        }
    }

    /// <summary>Ends everything, once: called by the thread that owns the core.</summary>
    /// <param name="status"><see cref="SchedulerStatus.Stopped"/> or <see cref="SchedulerStatus.Faulted"/>.</param>
    /// <param name="error">What the engine failed with.</param>
    public void Finish(SchedulerStatus status, Exception? error)
    {
        if (Interlocked.Exchange(ref _finished, 1) != 0)
        {
            return;
        }

        SchedulingRejection reason = status == SchedulerStatus.Faulted ? SchedulingRejection.EngineFaulted : SchedulingRejection.ShuttingDown;
        Door.Close(reason, error);
        _mailbox.Writer.TryComplete();
        RequestEnd end = RequestEnd.Rejected(reason, Door.Refusal(DoorAnswer.Closed, null).Message, error);
        try
        {
            Core?.EndAll(end, Now);
        }
#pragma warning disable CA1031 // A core whose own fault ends the loop may not be able to end its requests; they are ended below.
        catch (Exception broken)
#pragma warning restore CA1031
        {
            Telemetry.LoopFaulted(broken);
        }

        while (_mailbox.Reader.TryRead(out LoopMessage message))
        {
            if (message is { Kind: LoopMessageKind.Submit, Request: { } request })
            {
                Live.Add(request);
            }
        }

        foreach (LiveRequest request in Live)
        {
            if (!request.HasEnded)
            {
                request.Refuse(end, Now);
            }
        }

        Live.Clear();

        PublishedState state = ReadState();
        state.Status = status;
        state.WaitingRequests = state.RunningRequests = 0;
        state.WaitingTokens = state.KvUsedTokens = state.KvReservedTokens = state.KvParkedTokens = 0;
        Publish(state);
        if (error is null)
        {
            _ready.TrySetException(new SchedulingRejectedException(reason, end.Message!));
        }
        else
        {
            _ready.TrySetException(error);
        }

        // Nobody may be waiting for the start; that must not count as an unobserved exception.
        _ = _ready.Task.Exception;
    }

    /// <summary>The last thread has let go of its engine.</summary>
    public void ReportStopped()
    {
        _watchdog.Dispose();
        _decisionLog?.Dispose();
        _stopped.TrySetResult();
    }

    public void Dispose() => _watchdog.Dispose();

    private DecisionRecorder? OpenDecisionLog()
    {
        if (Options.DecisionLog.Path is null)
        {
            return null;
        }

        try
        {
            _decisionLog = DecisionLogWriter.Open(Options.DecisionLog, Telemetry.DecisionLogIncomplete);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new InvalidOperationException(
                $"The decision log '{Options.DecisionLog.Path}' can't be written: {error.Message} Correct KvSchedulingOptions.DecisionLog.Path, or leave it out.", error);
        }

        Telemetry.DecisionLogOpened(_decisionLog);
        return new DecisionRecorder(_decisionLog, new DecisionLogNames());
    }

    private static InvalidOperationException NotStarted() =>
        new("The scheduler has not started: start the host, or await IKvScheduler.StartAsync() first.");

    private void Watch()
    {
        if (_thread is { } hung && hung.Guard.TryTakeOver(Options.StallTimeout))
        {
            Telemetry.EngineHung(Options.StallTimeout);
            if (Volatile.Read(ref _finished) != 0)
            {
                // It hangs in the disposal of its engine: there is nothing to go on with.
                ReportStopped();
                return;
            }

            _thread = new LoopThread(this, hung);
            _thread.Start();
        }
    }
}
