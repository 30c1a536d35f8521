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
    private readonly LoopEngine _engine;
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
        _engine = new LoopEngine(Guard, loop.Telemetry);
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
            _engine.DisposeLeftBehind();
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
            _engine.Dispose();
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
        EngineOutcome outcome = _engine.CarryOut(_plan);
        TimeSpan now = _loop.Now;
        if (outcome.IsFatal)
        {
            return Recover(outcome.Fault!);
        }

        foreach ((SchedulableRequest request, Exception error) in _engine.FailedStarts)
        {
            Core.FailStart(request, error, now);
        }

        _engine.FailedStarts.Clear();
        if (outcome.Fault is not null)
        {
            _loop.Telemetry.StepFailed(outcome.Fault);
            Core.FailStep(outcome.Fault, now);
        }
        else if (!_plan.Items.IsEmpty)
        {
            Core.Complete(_engine.Events(outcome), now);
            SchedulerCounters after = Core.Counters;
            long prefill = after.PrefillTokens - counters.PrefillTokens;
            long decode = after.DecodeTokens - counters.DecodeTokens;
            _speed.Add(now - begun, prefill + decode, after.OutputTokens - counters.OutputTokens, now);
            _loop.Telemetry.StepRan(now - begun, _plan.Items.Length, prefill, decode);
        }

        return true;
    }

    private bool BuildFirst()
    {
        try
        {
            IInferenceEngine engine = _loop.EngineFactory();
            _engine.Take(engine);
            _loop.Open(engine);
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
        _loop.Telemetry.EngineReady(_loop.Engine, Core.KvBudgetTokens, Core.PolicyName);
        _loop.ReportReady();
        return true;
    }

    /// <summary>Builds a lost engine again; its requests go on with the tokens they have. False when it can't be done.</summary>
    private bool Recover(Exception fault)
    {
        _loop.Telemetry.EngineLost(fault);
        _engine.FailedStarts.Clear();
        Core.LoseEngine(_loop.Now);
        SchedulerStatus before = _draining ? SchedulerStatus.Draining : SchedulerStatus.Ready;
        _status = SchedulerStatus.Recovering;
        Publish();
        _engine.Dispose();
        while (_loop.Recovery.TryRestart(_loop.Now))
        {
            try
            {
                IInferenceEngine engine = _loop.EngineFactory();
                _engine.Take(engine);
                EngineRecovery.RequireSameShape(_loop.Engine, engine.Description);
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
                _engine.Dispose();
            }
        }

        _loop.Finish(SchedulerStatus.Faulted, fault);
        return false;
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
