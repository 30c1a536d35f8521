

namespace KvScheduling;

/// <summary>The thread that runs the steps: takes the mail, plans, carries the plan out on the engine, takes the events in, publishes.</summary>
internal sealed class LoopThread
{
    private readonly SchedulerLoop _loop;
    private readonly bool _isTakeOver;
    private readonly Thread _thread;
    private readonly StepPlan _plan;
    private readonly LoopSpeed _speed;
    private readonly ITimer _wakeTimer;
    private readonly List<(SchedulableRequest Request, Exception Error)> _failedStarts = [];
    private StepItem[] _items = [];
    private StepEvent[] _events = [];
    private IInferenceEngine? _engine;
    private SchedulerStatus _status;
    private bool _draining;
    private bool _aborting;
    private int _emptyPlans;

    /// <summary>A first thread.</summary>
    public LoopThread(SchedulerLoop loop)
        : this(loop, new LoopSpeed(), SchedulerStatus.Starting) => _isTakeOver = false;

    /// <summary>A thread that goes on where one was left inside its engine.</summary>
    public LoopThread(SchedulerLoop loop, LoopThread hung)
        : this(loop, hung._speed, SchedulerStatus.Recovering)
    {
        _isTakeOver = true;
        _draining = hung._draining;
    }

    private LoopThread(SchedulerLoop loop, LoopSpeed speed, SchedulerStatus status)
    {
        _loop = loop;
        _speed = speed;
        _status = status;
        _plan = new StepPlan();
        Guard = new EngineGuard(loop.Time);
        _wakeTimer = loop.Time.CreateTimer(
            static state => ((SchedulerLoop)state!).Post(new LoopMessage(LoopMessageKind.Wake)), loop, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _thread = new Thread(Run) { IsBackground = true, Name = "KvScheduling " + loop.Identity.InstanceName };
    }

    public EngineGuard Guard { get; }

    private SchedulerCore Core => _loop.Core!;

    public void Start() => _thread.Start();

    private void Run()
    {
        try
        {
            if (_isTakeOver ? Recover(new EngineFaultException($"The engine did not return within {_loop.Options.StallTimeout}.", isFatal: true)) : BuildFirst())
            {
                RunSteps();
            }
        }
        catch (EngineTakenOverException)
        {
            // Everything but the engine belongs to another thread now.
            DisposeQuietly(_engine);
            return;
        }
#pragma warning disable CA1031 // A fault of the scheduler itself must reach every caller; nothing else may end this thread.
        catch (Exception error)
#pragma warning restore CA1031
        {
            _loop.Telemetry.LoopFaulted(error);
            _loop.Finish(SchedulerStatus.Faulted, error);
        }

        _wakeTimer.Dispose();
        try
        {
            Guard.Enter();
            DisposeQuietly(_engine);
            Guard.Leave();
        }
        catch (EngineTakenOverException)
        {
        }

        _loop.ReportStopped();
    }

    private void RunSteps()
    {
        while (true)
        {
            TakeMail();
            if (_aborting || (_draining && !Core.HasWork))
            {
                _loop.Finish(SchedulerStatus.Stopped, null);
                return;
            }

            Core.Plan(_plan, _loop.Now);
            bool alive = _plan.Removals.Count == 0 && _plan.Starts.Count == 0 && _plan.Items.IsEmpty || CarryOut();
            if (!alive)
            {
                return;
            }

            bool ran = !_plan.Items.IsEmpty;
            if (_loop.Options.CheckInvariants)
            {
                Core.CheckInvariants();
            }

            Publish();
            if (ran)
            {
                _emptyPlans = 0;
            }
            else if (!_draining || Core.HasWork)
            {
                DetectStall();
                WaitForMail();
            }
        }
    }

    private void TakeMail()
    {
        while (_loop.Mail.TryRead(out LoopMessage message))
        {
            switch (message.Kind)
            {
                case LoopMessageKind.Submit:
                    _loop.Live.Add(message.Request!);
                    Core.Enqueue(message.Request!, message.Request!.SubmittedAt);
                    break;
                case LoopMessageKind.Cancel:
                    Core.Cancel(message.Request!, _loop.Now);
                    break;
                case LoopMessageKind.Finish:
                    Core.Finish(message.Request!, _loop.Now);
                    break;
                case LoopMessageKind.Drain:
                    _draining = true;
                    _status = SchedulerStatus.Draining;
                    break;
                case LoopMessageKind.Abort:
                    _aborting = true;
                    break;
                default:
                    break;
            }
        }
    }

    /// <summary>Does on the engine what was planned; false when the loop has to end.</summary>
    private bool CarryOut()
    {
        TimeSpan begun = _loop.Now;
        SchedulerCounters counters = Core.Counters;
        int events = 0;
        Exception? fault = null;
        bool fatal = false;
        Guard.Enter();
        try
        {
            foreach (int slot in _plan.Removals)
            {
                fatal = true;
                _engine!.Remove(slot);
                fatal = false;
            }

            foreach (PlannedStart start in _plan.Starts)
            {
                StartSequence(start);
            }

            ReadOnlySpan<StepItem> items = WithoutFailedStarts();
            if (!items.IsEmpty)
            {
                events = _engine!.RunStep(items, _events);
            }
        }
#pragma warning disable CA1031 // Whatever an engine throws is a fault of the step, not of the loop.
        catch (Exception error)
#pragma warning restore CA1031
        {
            fault = error;
            fatal |= error is EngineFaultException { IsFatal: true };
        }

        Guard.Leave();
        TimeSpan now = _loop.Now;
        if (fatal)
        {
            return Recover(fault!);
        }

        foreach ((SchedulableRequest request, Exception error) in _failedStarts)
        {
            Core.FailStart(request, error, now);
        }

        _failedStarts.Clear();
        if (fault is not null)
        {
            _loop.Telemetry.StepFailed(fault);
            Core.FailStep(fault, now);
        }
        else if (!_plan.Items.IsEmpty)
        {
            Core.Complete(_events.AsSpan(0, events), now);
            SchedulerCounters after = Core.Counters;
            long prefill = after.PrefillTokens - counters.PrefillTokens;
            long decode = after.DecodeTokens - counters.DecodeTokens;
            _speed.Add(now - begun, prefill + decode, after.OutputTokens - counters.OutputTokens, now);
            _loop.Telemetry.StepRan(now - begun, _plan.Items.Length, prefill, decode);
        }

        return true;
    }

    private void StartSequence(PlannedStart start)
    {
        var request = (LiveRequest)start.Request;
        try
        {
            _engine!.Start(new SequenceStart
            {
                Slot = request.Slot,
                Prompt = request.Prompt,
                Output = request.Output,
                MaxTotalTokens = request.PromptTokens + request.MaxOutputTokens,
                Sampling = request.Sampling,
                Constraint = request.Constraint,
                SharedTokens = start.SharedTokens,
                SharedFromSlot = start.SharedFromSlot,
            });
        }
#pragma warning disable CA1031 // One request that can't start must not stop the others.
        catch (Exception error) when (error is not EngineFaultException { IsFatal: true })
#pragma warning restore CA1031
        {
            _failedStarts.Add((request, error));
        }
    }

    private ReadOnlySpan<StepItem> WithoutFailedStarts()
    {
        if (_failedStarts.Count == 0)
        {
            return _plan.Items;
        }

        int count = 0;
        foreach (StepItem item in _plan.Items)
        {
            if (!_failedStarts.Exists(failed => failed.Request.Slot == item.Slot))
            {
                _items[count++] = item;
            }
        }

        return _items.AsSpan(0, count);
    }

    private bool BuildFirst()
    {
        try
        {
            _engine = _loop.EngineFactory();
            Prepare();
            _loop.Open(_engine);
        }
#pragma warning disable CA1031 // Whatever keeps an engine from being built is told to whoever started the scheduler.
        catch (Exception error)
#pragma warning restore CA1031
        {
            _loop.Telemetry.EngineNotBuilt(error);
            _loop.Finish(SchedulerStatus.Faulted, error);
            return false;
        }

        _status = SchedulerStatus.Ready;
        Publish();
        _loop.Telemetry.EngineReady(_engine.Description, Core.KvBudgetTokens, Core.PolicyName);
        _loop.ReportReady();
        return true;
    }

    /// <summary>Builds a lost engine again; its requests go on with the tokens they have. False when it can't be done.</summary>
    private bool Recover(Exception fault)
    {
        _loop.Telemetry.EngineLost(fault);
        _failedStarts.Clear();
        Core.LoseEngine(_loop.Now);
        SchedulerStatus before = _draining ? SchedulerStatus.Draining : SchedulerStatus.Ready;
        _status = SchedulerStatus.Recovering;
        Publish();
        DisposeLostEngine();
        while (_loop.Recovery.TryRestart(_loop.Now))
        {
            try
            {
                _engine = _loop.EngineFactory();
                RequireSameShape(_engine.Description);
                Prepare();
                _status = before;
                Publish();
                _loop.Telemetry.EngineRestarted();
                return true;
            }
#pragma warning disable CA1031 // The next try, or the end, tells it.
            catch (Exception error)
#pragma warning restore CA1031
            {
                fault = error;
                _loop.Telemetry.EngineNotBuilt(error);
                DisposeLostEngine();
            }
        }

        _loop.Finish(SchedulerStatus.Faulted, fault);
        return false;
    }

    private void Prepare()
    {
        int sequences = _engine!.Description.MaxSequences;
        _items = new StepItem[sequences];
        _events = new StepEvent[sequences];
    }

    private void RequireSameShape(EngineDescription rebuilt)
    {
        EngineDescription first = _loop.Engine;
        if (rebuilt.KvCapacityTokens < first.KvCapacityTokens || rebuilt.BlockTokens != first.BlockTokens
            || rebuilt.MaxSequences < first.MaxSequences || rebuilt.MaxContextTokens < first.MaxContextTokens || rebuilt.VocabularySize != first.VocabularySize)
        {
            throw new EngineFaultException($"The engine that was built again ({rebuilt}) is smaller than the first ({first}); its requests can't go on.", isFatal: true);
        }
    }

    private void DisposeLostEngine()
    {
        IInferenceEngine? lost = _engine;
        _engine = null;
        Guard.Enter();
        DisposeQuietly(lost);
        Guard.Leave();
    }

    private void DisposeQuietly(IInferenceEngine? engine)
    {
        try
        {
            engine?.Dispose();
        }
#pragma warning disable CA1031 // A lost engine may fail once more; its requests go on without it.
        catch (Exception error)
#pragma warning restore CA1031
        {
            _loop.Telemetry.EngineNotDisposed(error);
        }
    }

    /// <summary>Work that waits while nothing runs, twice, with nothing to wait for, would last for ever: a fault, raised and not hidden.</summary>
    private void DetectStall()
    {
        if (!Core.HasWork || Core.NextWake is not null)
        {
            _emptyPlans = 0;
            return;
        }

        if (++_emptyPlans >= 2)
        {
            throw new InvalidOperationException(
                $"The scheduler stalled: {Core.WaitingCount} requests wait, {Core.RunningCount} hold KV, and the policy '{Core.PolicyName}' runs nothing ({Core.HeadWaitReason}).");
        }

        _loop.Post(new LoopMessage(LoopMessageKind.Wake));
    }

    private void WaitForMail()
    {
        if (Core.HasWork && Core.NextWake is { } wake)
        {
            TimeSpan delay = wake - _loop.Now;
            _wakeTimer.Change(delay > TimeSpan.Zero ? delay : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }

        ValueTask<bool> mail = _loop.Mail.WaitToReadAsync();
        if (!mail.IsCompletedSuccessfully)
        {
            mail.AsTask().GetAwaiter().GetResult();
        }
    }

    private void Publish() => _loop.Publish(new PublishedState
    {
        Status = _status,
        Counters = Core.Counters,
        KvBudgetTokens = Core.KvBudgetTokens,
        KvUsedTokens = Core.KvUsedTokens,
        KvReservedTokens = Core.KvReservedTokens,
        KvParkedTokens = Core.KvParkedTokens,
        WaitingRequests = Core.WaitingCount,
        WaitingTokens = Core.WaitingTokens,
        RunningRequests = Core.RunningCount,
        EstimateQuantile = Core.EstimateQuantile,
        HeadWaitReason = Core.HeadWaitReason,
        Regime = Core.Regime,
        ComputedTokensPerSecond = _speed.ComputedTokensPerSecond,
        OutputTokensPerSecond = _speed.OutputTokensPerSecond,
        MeanStepSeconds = Core.MeanStepSeconds,
        LastStepAt = _speed.LastStepAt,
    });
}
