namespace KvScheduling.OnnxGenAI;

/// <summary>The native batching engine behind the port.</summary>
/// <remarks>
/// <para>The native engine composes its own steps: whatever has an active turn advances in every run. So a sequence that a plan names gets a turn, and one that it does not name loses it
/// (its KV stays, until it goes on). Only a prompt that is being computed is left to it, because stopping would throw the work away; what it samples waits here until a plan asks for it.</para>
/// <para>It never preempts and reports no free blocks; blocks are counted here, ⌈tokens / block⌉ a sequence, and a turn begins only when its blocks are free.</para>
/// </remarks>
internal sealed partial class PagedEngine : IInferenceEngine
{
    private readonly OnnxGenAIModel _model;
    private readonly EngineSettings _settings;
    private readonly PagedSequence?[] _slots;
    private readonly Dictionary<nint, PagedSequence> _byRequest;
    private readonly PrefillForecast _forecast;
    private NativeEngine _engine;
    private EngineGuard _guard;
    private EngineFaultException? _fault;
    private int _started;
    private long _step;

    private PagedEngine(OnnxGenAIModel model, NativeEngine engine)
    {
        model.AddReference();
        _model = model;
        _settings = model.Settings;
        _engine = engine;
        _slots = new PagedSequence?[_settings.MaxSequences];
        _byRequest = new Dictionary<nint, PagedSequence>(2 * _settings.MaxSequences);
        _forecast = new PrefillForecast(_settings.MaxStepTokens, _settings.PrefillChunkTokens);
        Description = model.Describe() with
        {
            MaxContextTokens = (int)Math.Min((ulong)model.Folder.ContextLength, engine.MaxRequestLength),
            SupportsChunkedPrefill = true,

            // What a hold costs is what the native index of computed blocks saves; without it a held sequence is computed anew.
            Hold = model.SharePrefixes ? HoldSupport.Soft : HoldSupport.None,
            PrefixReuse = PrefixReuse.Continue,
        };
    }

    public EngineDescription Description { get; }

    public ITextCodec? TextCodec => _model.TextCodec;

    /// <summary>The native engine in use; another one after a move to another thread.</summary>
    internal NativeEngine Native => _engine;

    /// <summary>Builds an engine and runs a warm-up turn through it.</summary>
    /// <exception cref="OnnxGenAIException">See <see cref="OnnxGenAIModel.CreateEngine"/>.</exception>
    public static PagedEngine Create(OnnxGenAIModel model)
    {
        NativeEngine engine = PagedWarmUp.CreateEngine(model);
        return new PagedEngine(model, engine);
    }

    public void Start(in SequenceStart start)
    {
        Enter();
        try
        {
            SequenceCheck.ThrowIfInvalid(start, Description);
            PagedSequence? parked = _slots[start.Slot];
            bool isContinued = start.SharedTokens > 0;
            if (isContinued && (start.SharedFromSlot != start.Slot || parked is null))
            {
                throw new EngineFaultException($"The sequence can't be started: this engine continues a parked sequence in its own slot only, but slot {start.Slot} is to share with slot {start.SharedFromSlot}.");
            }

            if (!isContinued && parked is not null)
            {
                throw new EngineFaultException($"The sequence can't be started: slot {start.Slot} is taken.");
            }

            Place(new PagedSequence(start), parked);
        }
        finally
        {
            Exit();
        }
    }

    public void Remove(int slot)
    {
        Enter(allowFaulted: true);
        try
        {
            PagedSequence sequence = SequenceIn(slot);
            _slots[slot] = null;
            _started--;
            Forget(sequence);
            sequence.Dispose();
        }
        finally
        {
            Exit();
        }
    }

    public int RunStep(ReadOnlySpan<StepItem> plan, Span<StepEvent> events)
    {
        Enter();
        try
        {
            _step++;
            foreach (StepItem item in plan)
            {
                SequenceIn(item.Slot).PlannedStep = _step;
            }

            if (StopUnplanned())
            {
                Run();
            }

            foreach (StepItem item in plan)
            {
                BeginIfIdle(_slots[item.Slot]!);
            }

            if (CountDecoding(out int decoding))
            {
                _forecast.BeforeRun(decoding);
                Run();
                _forecast.AfterRun();
            }

            for (int i = 0; i < plan.Length; i++)
            {
                events[i] = Report(_slots[plan[i].Slot]!, plan[i].Tokens);
            }

            return plan.Length;
        }
        catch (OnnxGenAIException error)
        {
            throw Lost(error.Message, error);
        }
        finally
        {
            Exit();
        }
    }

    public void Dispose()
    {
        if (_guard.Dispose())
        {
            Free();
        }
    }

    private void Place(PagedSequence sequence, PagedSequence? parked)
    {
        try
        {
            if (parked is not null)
            {
                Forget(parked);
                if (sequence.TryTakeOver(parked))
                {
                    _byRequest[sequence.Request] = sequence;
                }

                parked.Dispose();
                _slots[sequence.Slot] = null;
                _started--;
            }

            // A grammar is compiled when its turn begins, so a bad one is found while the caller can still be told.
            if (sequence.HasGrammar && !sequence.MustStop)
            {
                Begin(sequence);
            }
        }
        catch (OnnxGenAIException error)
        {
            Forget(sequence);
            sequence.Dispose();
            throw new EngineFaultException($"The sequence can't be started: {error.Message}", isFatal: false, error);
        }

        _slots[sequence.Slot] = sequence;
        _started++;
    }

    // The native side divides a step in its own way. What it did is reported as far as the plan goes; what it did beyond that waits for the next plans.
    private StepEvent Report(PagedSequence sequence, int planned)
    {
        if (sequence.HasFailed)
        {
            return new StepEvent(sequence.Slot, 0, StepEvent.NoToken, SequenceStatus.Failed);
        }

        if (sequence.DueToken != StepEvent.NoToken && planned >= sequence.Uncomputed)
        {
            return new StepEvent(sequence.Slot, sequence.ReportAll(), sequence.TakeDueToken());
        }

        bool hasAdvanced = sequence.AdvancedStep == _step || sequence.DueToken != StepEvent.NoToken || (sequence.IsPrefilling && sequence.PrefillLeft > 0);
        int computed = sequence.Report(planned);
        return new StepEvent(sequence.Slot, computed, StepEvent.NoToken, hasAdvanced || computed > 0 ? SequenceStatus.Ok : SequenceStatus.OutOfCapacity);
    }

    private PagedSequence SequenceIn(int slot) =>
        ((uint)slot < (uint)_slots.Length ? _slots[slot] : null) ?? throw new ArgumentOutOfRangeException(nameof(slot), slot, "No sequence was started in this slot.");

    private void Enter(bool allowFaulted = false)
    {
        _guard.Enter(this);
        ProcessExitGate.Enter();
        if (_fault is not null && !allowFaulted)
        {
            Exit();
            throw _fault;
        }

        if (_engine.OwnerThread != Environment.CurrentManagedThreadId && !allowFaulted)
        {
            MoveToThisThread();
        }
    }

    private void Exit()
    {
        if (_guard.Exit())
        {
            Free();
        }

        ProcessExitGate.Exit();
    }

    // A native engine answers only the thread that made it. Without sequences in it, a new one on the same weights costs a millisecond.
    private void MoveToThisThread()
    {
        if (_started > 0)
        {
            Exit();
            throw new InvalidOperationException("The engine belongs to the thread that started its sequences: Start, Remove and RunStep must be called there.");
        }

        try
        {
            NativeEngine moved = NativeEngine.Create(_model.Handle);
            _engine.Dispose();
            _engine = moved;
        }
        catch (OnnxGenAIException error)
        {
            Exit();
            throw Lost(error.Message, error);
        }
    }

    private EngineFaultException Lost(string reason, Exception? error = null) =>
        _fault = new EngineFaultException($"The native engine is lost with all KV: {reason}", isFatal: true, error);

    private void Free()
    {
        foreach (PagedSequence? sequence in _slots)
        {
            sequence?.Dispose();
        }

        _engine.Dispose();
        _model.ReleaseReference();
    }
}
