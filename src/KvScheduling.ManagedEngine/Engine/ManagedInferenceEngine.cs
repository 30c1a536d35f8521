namespace KvScheduling.ManagedEngine;

/// <summary>The port to a managed model: slots, plans and events around <see cref="TransformerModel"/>.</summary>
internal sealed class ManagedInferenceEngine : IInferenceEngine
{
    private readonly TransformerModel _model;
    private readonly SamplingPass _sampling;
    private readonly EngineSlot[] _slots;
    private readonly SequenceShare[] _shares;
    private readonly UseGuard _guard = new();
    private Exception? _fault;
    private long _planNumber;

    public ManagedInferenceEngine(TransformerModel model, ITextCodec? textCodec, string modelId)
    {
        _model = model;
        _sampling = new SamplingPass(model);
        ModelLimits limits = model.Limits;
        TextCodec = textCodec;
        Description = new EngineDescription
        {
            EngineName = "managed",
            ModelId = modelId,
            KvCapacityTokens = (long)limits.KvBlocks * KvPool.BlockTokens,
            BlockTokens = KvPool.BlockTokens,
            MaxSequences = limits.MaxSequences,
            MaxContextTokens = limits.MaxContextTokens,
            MaxStepTokens = limits.MaxStepTokens,
            VocabularySize = model.Config.VocabularySize,
            EndTokens = model.Config.EndTokens,
            Hold = HoldSupport.Free,
            SupportsChunkedPrefill = true,
            SupportsExactResume = true,
            SupportsGuidance = false,
            PrefixReuse = PrefixReuse.Share,
        };
        _shares = new SequenceShare[limits.MaxSequences];
        _slots = new EngineSlot[limits.MaxSequences];
        for (int i = 0; i < _slots.Length; i++)
        {
            _slots[i] = new EngineSlot(model.Cache);
        }
    }

    public EngineDescription Description { get; }

    public ITextCodec? TextCodec { get; }

    /// <summary>The model behind the port, for benches and tests.</summary>
    internal TransformerModel Model => _model;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The start is wrong; nothing has changed.</exception>
    /// <exception cref="NotSupportedException">The start has a constraint.</exception>
    public void Start(in SequenceStart start)
    {
        Enter();
        try
        {
            SequenceStartCheck.Validate(start, _slots, Description);
            _sampling.Prepare(start.Sampling);
            EngineSlot slot = _slots[start.Slot];
            if (slot.IsStarted)
            {
                slot.Sequence.Truncate(start.SharedTokens);
            }
            else if (start.SharedTokens > 0)
            {
                slot.Sequence.EnsureCapacity(start.MaxTotalTokens);
                slot.Sequence.Share(_slots[start.SharedFromSlot].Sequence, start.SharedTokens);
            }

            slot.Start(start);
        }
        finally
        {
            Exit();
        }
    }

    /// <inheritdoc/>
    /// <remarks>Nothing happens when the slot holds no sequence.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">There is no such slot.</exception>
    public void Remove(int slot)
    {
        Enter();
        try
        {
            if ((uint)slot >= (uint)_slots.Length)
            {
                throw new ArgumentOutOfRangeException(nameof(slot), slot, $"The engine has slots 0 to {_slots.Length - 1}.");
            }

            _slots[slot].Clear();
        }
        finally
        {
            Exit();
        }
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The plan is wrong; nothing was computed.</exception>
    public int RunStep(ReadOnlySpan<StepItem> plan, Span<StepEvent> events)
    {
        Enter();
        try
        {
            ValidatePlan(plan, events);
            int shares = Reserve(plan, events);
            Compute(shares);
            Report(plan, events);
            return plan.Length;
        }
        finally
        {
            _sampling.Clear();
            Array.Clear(_shares, 0, Math.Min(plan.Length, _shares.Length));
            Exit();
        }
    }

    /// <summary>Frees all memory. During a step it takes effect when the step ends.</summary>
    public void Dispose()
    {
        if (_guard.End())
        {
            _model.Dispose();
        }
    }

    private void Enter()
    {
        _guard.Enter(this);
        if (_fault is not null)
        {
            Exit();
            throw new EngineFaultException("The managed engine is lost: a step before this one failed.", isFatal: true, _fault);
        }
    }

    private void Exit()
    {
        if (_guard.Exit())
        {
            _model.Dispose();
        }
    }

    private void ValidatePlan(ReadOnlySpan<StepItem> plan, Span<StepEvent> events)
    {
        if (events.Length < plan.Length)
        {
            throw new ArgumentException($"{plan.Length} sequences need as many events; there is room for {events.Length}.", nameof(events));
        }

        _planNumber++;
        long tokens = 0;
        foreach (StepItem item in plan)
        {
            if ((uint)item.Slot >= (uint)_slots.Length || !_slots[item.Slot].IsStarted)
            {
                throw new ArgumentException($"Slot {item.Slot} holds no sequence.", nameof(plan));
            }

            EngineSlot slot = _slots[item.Slot];
            if (slot.PlanNumber == _planNumber)
            {
                throw new ArgumentException($"Slot {item.Slot} is planned twice.", nameof(plan));
            }

            if (!slot.IsFailed && (item.Tokens < 1 || item.Tokens > slot.Sequence.PendingCount))
            {
                throw new ArgumentException($"Slot {item.Slot} is planned with {item.Tokens} tokens; it has {slot.Sequence.PendingCount} to compute.", nameof(plan));
            }

            slot.PlanNumber = _planNumber;
            tokens += item.Tokens;
        }

        if (tokens > Description.MaxStepTokens)
        {
            throw new ArgumentException($"The plan has {tokens} tokens; a step computes at most {Description.MaxStepTokens}.", nameof(plan));
        }
    }

    /// <summary>Takes blocks for as many sequences as there are blocks for, and gives the others their event.</summary>
    private int Reserve(ReadOnlySpan<StepItem> plan, Span<StepEvent> events)
    {
        int shares = 0;
        for (int i = 0; i < plan.Length; i++)
        {
            EngineSlot slot = _slots[plan[i].Slot];
            if (slot.IsFailed)
            {
                events[i] = new StepEvent(plan[i].Slot, 0, StepEvent.NoToken, SequenceStatus.Failed);
            }
            else if (!slot.Sequence.TryReserve(plan[i].Tokens))
            {
                events[i] = new StepEvent(plan[i].Slot, 0, StepEvent.NoToken, SequenceStatus.OutOfCapacity);
            }
            else
            {
                bool samples = plan[i].Tokens == slot.Sequence.PendingCount;
                events[i] = new StepEvent(plan[i].Slot, plan[i].Tokens, StepEvent.NoToken);
                _shares[shares++] = new SequenceShare(slot.Sequence, plan[i].Tokens, samples);
                if (samples)
                {
                    _sampling.Add(slot);
                }
            }
        }

        return shares;
    }

    private void Compute(int shares)
    {
        try
        {
            _model.Step(_shares.AsSpan(0, shares));
            _sampling.Run();
        }
        catch (Exception e)
        {
            _fault = e;
            throw new EngineFaultException("The managed engine failed in a step.", isFatal: true, e);
        }
    }

    /// <summary>Completes the events of sequences that a token was sampled for.</summary>
    private void Report(ReadOnlySpan<StepItem> plan, Span<StepEvent> events)
    {
        int sampled = 0;
        for (int i = 0; i < plan.Length; i++)
        {
            EngineSlot slot = _slots[plan[i].Slot];
            if (events[i].Computed == 0 || slot.Sequence.PendingCount > 0)
            {
                continue;
            }

            int token = _sampling.Token(sampled++);
            if (token == TokenSampler.NotFinite)
            {
                slot.IsFailed = true;
                events[i] = events[i] with { Status = SequenceStatus.Failed };
            }
            else
            {
                slot.Append(token);
                events[i] = events[i] with { Token = token };
            }
        }
    }
}
