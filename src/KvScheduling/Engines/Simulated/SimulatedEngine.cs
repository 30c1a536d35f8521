namespace KvScheduling;

/// <summary>
/// An engine without a model: it keeps KV in blocks as a paged engine does, takes the time a cost model gives, speaks words that depend on the prompt alone,
/// and fails on demand.
/// </summary>
/// <remarks>
/// <para>A strict referee of its caller: whatever breaks the contract of <see cref="IInferenceEngine"/> (a start in a taken slot, a plan that names a
/// sequence twice or not at all, wrong token counts,
/// KV shared between different tokens, an output that is not the one it generated, a call from a second thread) throws
/// <see cref="InvalidOperationException"/> before anything is done, and is kept in <see cref="ContractBreach"/>.</para>
/// <para>With <see cref="HoldSupport.None"/> a sequence that is left out of a step counts as parked where the engine reuses prefixes, and as a breach where
/// it doesn't.</para>
/// </remarks>
public sealed class SimulatedEngine : IInferenceEngine
{
    private readonly SimulatedEngineOptions _options;
    private readonly SimulatedFaults _faults;
    private readonly SimulatedClock _clock;
    private readonly SimulatedBlockPool _pool;
    private readonly SimulatedSequence[] _slots;
    private readonly SimulatedContract _contract;
    private long _steps;
    private long _cachedTokens;
    private int _entered;
    private bool _lost;
    private volatile bool _disposed;

    /// <summary>Creates the engine.</summary>
    /// <param name="options">Its settings; not to be changed afterwards.</param>
    /// <exception cref="ArgumentException">A setting is out of its range.</exception>
    public SimulatedEngine(SimulatedEngineOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _options = options;
        _faults = options.Faults;
        int blocks = (int)(options.KvCapacityTokens / options.BlockTokens);
        _pool = new SimulatedBlockPool(blocks);
        _slots = new SimulatedSequence[options.MaxSequences];
        for (int i = 0; i < _slots.Length; i++)
        {
            _slots[i] = new SimulatedSequence(_pool, options.BlockTokens);
        }

        Description = new EngineDescription
        {
            EngineName = "simulated",
            ModelId = options.ModelId,
            KvCapacityTokens = (long)blocks * options.BlockTokens,
            BlockTokens = options.BlockTokens,
            MaxSequences = options.MaxSequences,
            MaxContextTokens = options.MaxContextTokens,
            MaxStepTokens = options.MaxStepTokens,
            VocabularySize = SimulatedVocabulary.Size,
            EndTokens = [SimulatedVocabulary.TurnEnd, SimulatedVocabulary.TextEnd],
            Hold = options.Hold,
            SupportsChunkedPrefill = options.SupportsChunkedPrefill,
            SupportsExactResume = options.SupportsExactResume,
            PrefixReuse = options.PrefixReuse,
        };
        _contract = new SimulatedContract(Description, _slots);
        _clock = new SimulatedClock(options.TimeProvider ?? TimeProvider.System, options.Speed);
        _faults.HangReleased += _clock.EndHang;
    }

    /// <inheritdoc/>
    public EngineDescription Description { get; }

    /// <inheritdoc/>
    public ITextCodec? TextCodec => SimulatedTextCodec.Instance;

    /// <summary>
    /// The first breach of the engine contract by its caller, or <see langword="null"/>: what a test of a scheduler looks at in the end, since a loop takes
    /// every exception of a step for a fault of the engine.
    /// </summary>
    public string? ContractBreach { get; private set; }

    /// <summary>Steps carried out.</summary>
    public long Steps => _steps;

    /// <summary>KV blocks held by sequences, shared ones counted once, in tokens.</summary>
    public long KvUsedTokens => (long)_pool.UsedCount * Description.BlockTokens;

    /// <summary>Sequences in slots: running, held or parked.</summary>
    public int SequenceCount { get; private set; }

    /// <inheritdoc/>
    public void Start(in SequenceStart start)
    {
        Enter();
        try
        {
            ThrowIfBreached(_contract.OfStart(in start));
            if (_faults.RefusedToken is { } refused && start.Prompt.Contains(refused))
            {
                throw new EngineFaultException("Simulated fault: the sequence holds the token that the engine refuses.");
            }

            ulong key = SimulatedLanguage.Key(start.Prompt, _options.Seed, start.Sampling);
            int outputLength = SimulatedLanguage.OutputLength(key, _options.TypicalOutputTokens, _options.OutputLengthSpread);
            if (!_options.SupportsExactResume)
            {
                key = start.Output.IsEmpty ? key : StableHash.Mix(key, (ulong)start.Output.Length);
            }
            else
            {
                ThrowIfBreached(CheckOutput(in start, key, outputLength));
            }

            Place(in start, key, outputLength);
        }
        finally
        {
            Leave();
        }
    }

    /// <inheritdoc/>
    public void Remove(int slot)
    {
        Enter();
        try
        {
            ThrowIfBreached(_contract.OfRemove(slot));
            _cachedTokens -= _slots[slot].CachedTokens;
            _slots[slot].Remove();
            SequenceCount--;
        }
        finally
        {
            Leave();
        }
    }

    /// <inheritdoc/>
    public int RunStep(ReadOnlySpan<StepItem> plan, Span<StepEvent> events)
    {
        Enter();
        try
        {
            if (plan.IsEmpty)
            {
                return 0;
            }

            ThrowIfBreached(_contract.OfStep(plan, events.Length, ++_steps));
            return Carry(plan, events);
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Ends the engine, also while a step hangs or waits in another thread: that step throws.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _faults.HangReleased -= _clock.EndHang;
            _clock.Dispose();
        }
    }

    private int Carry(ReadOnlySpan<StepItem> plan, Span<StepEvent> events)
    {
        long step = _faults.BeginStep();
        SimulatedFault? fault = _faults.FaultOf(step);
        switch (fault)
        {
            case SimulatedFault.EngineLoss:
                _lost = true;
                throw new EngineFaultException($"Simulated fault: the engine is lost at step {step}.", isFatal: true);
            case SimulatedFault.StepFailure:
                throw Undefine(plan, $"Simulated fault: step {step} failed.");
            case SimulatedFault.Hang:
                ThrowIfEnded(_clock.Hang());
                break;
        }

        foreach (StepItem item in plan)
        {
            if (_slots[item.Slot].IsPoisoned)
            {
                throw Undefine(plan, $"Simulated fault: step {step} has a sequence with the poison token.");
            }
        }

        StepShape shape = new() { TotalKvTokens = _cachedTokens };
        for (int i = 0; i < plan.Length; i++)
        {
            SequenceStatus status = i == 0 && fault == SimulatedFault.OutOfCapacity ? SequenceStatus.OutOfCapacity
                : i == 0 && fault == SimulatedFault.SequenceFailure ? SequenceStatus.Failed
                : _faults.StatusOf(step, plan[i].Slot);
            events[i] = Advance(plan[i], status, ref shape);
        }

        TimeSpan time = _options.CostModel.IterationTime(in shape);
        ThrowIfEnded(_clock.Pass(fault == SimulatedFault.SlowStep ? time * _faults.SlowStepFactor : time));
        return plan.Length;
    }

    private StepEvent Advance(StepItem item, SequenceStatus status, ref StepShape shape)
    {
        SimulatedSequence sequence = _slots[item.Slot];
        int cached = sequence.CachedTokens;
        bool decodes = item.Tokens == 1 && sequence.PendingTokens == 1 && cached > 0;
        if (status == SequenceStatus.Ok && !sequence.TryCompute(item.Tokens))
        {
            status = SequenceStatus.OutOfCapacity;
            if (_options.ThrowWhenOverCapacity)
            {
                ThrowIfBreached(
                    $"A step computes {item.Tokens} tokens of slot {item.Slot}, "
                    + $"but the KV cache of {Description.KvCapacityTokens} tokens has {_pool.FreeCount} blocks free.");
            }
        }

        if (status != SequenceStatus.Ok)
        {
            sequence.IsUndefined |= status == SequenceStatus.Failed;
            return new StepEvent(item.Slot, 0, StepEvent.NoToken, status);
        }

        _cachedTokens += item.Tokens;
        int again = cached % Description.BlockTokens;
        if (sequence.WasHeld && again > 0 && Description.Hold == HoldSupport.Soft)
        {
            shape.AddPrefill(again, cached - again);
        }

        if (decodes)
        {
            shape.AddDecode(cached);
        }
        else
        {
            shape.AddPrefill(item.Tokens, cached);
        }

        int token = StepEvent.NoToken;
        if (sequence.PendingTokens == 0)
        {
            token = SimulatedLanguage.TokenAt(sequence.Key, sequence.OutputTokens, sequence.OutputLength);
            sequence.Append(token);
        }

        return new StepEvent(item.Slot, item.Tokens, token);
    }

    private void Place(in SequenceStart start, ulong key, int outputLength)
    {
        SimulatedSequence sequence = _slots[start.Slot];
        _cachedTokens -= sequence.CachedTokens;
        SequenceCount += sequence.IsStarted ? 0 : 1;
        sequence.Start(in start);
        if (start.SharedTokens > 0)
        {
            if (start.SharedFromSlot == start.Slot)
            {
                sequence.ContinueAt(start.SharedTokens);
            }
            else
            {
                sequence.ShareFrom(_slots[start.SharedFromSlot], start.SharedTokens);
            }
        }

        sequence.Key = key;
        sequence.OutputLength = outputLength;
        sequence.IsPoisoned = _faults.PoisonToken is { } poison && start.Prompt.Contains(poison);
        _cachedTokens += sequence.CachedTokens;
    }

    private static string? CheckOutput(in SequenceStart start, ulong key, int outputLength)
    {
        for (int i = 0; i < start.Output.Length; i++)
        {
            if (start.Output[i] != SimulatedLanguage.TokenAt(key, i, outputLength))
            {
                return $"Slot {start.Slot} resumes with an output that is not the one generated for its prompt: it differs at position {i}.";
            }
        }

        return null;
    }

    private EngineFaultException Undefine(ReadOnlySpan<StepItem> plan, string message)
    {
        foreach (StepItem item in plan)
        {
            _slots[item.Slot].IsUndefined = true;
        }

        return new EngineFaultException(message);
    }

    private void Enter()
    {
        if (Interlocked.Exchange(ref _entered, 1) != 0)
        {
            ThrowIfBreached("The engine was called while another call was on; it is for one thread.");
        }

        if (_disposed || _lost)
        {
            Leave();
            ObjectDisposedException.ThrowIf(_disposed, this);
            ThrowIfBreached("The engine was used after it was lost; it can only be disposed.");
        }
    }

    private void Leave() => Volatile.Write(ref _entered, 0);

    private void ThrowIfBreached(string? breach)
    {
        if (breach is not null)
        {
            ContractBreach ??= breach;
            throw new InvalidOperationException(breach);
        }
    }

    private void ThrowIfEnded(bool alive)
    {
        if (!alive)
        {
            _lost = true;
            throw new EngineFaultException("The simulated engine was disposed while a step was on.", isFatal: true);
        }
    }
}
