namespace KvScheduling.OnnxGenAI;

/// <summary>One native generator per sequence behind the port, stepped in turn: for models without paged attention.</summary>
/// <remarks>Nothing is computed together, so a step costs the sum of its sequences; holding one costs nothing. A sequence that fails takes no other with it.</remarks>
internal sealed class FlatEngine : IInferenceEngine
{
    private readonly OnnxGenAIModel _model;
    private readonly FlatSequence?[] _slots;
    private EngineGuard _guard;

    private FlatEngine(OnnxGenAIModel model)
    {
        model.AddReference();
        _model = model;
        _slots = new FlatSequence?[model.Settings.MaxSequences];
        Description = model.Describe() with { SupportsChunkedPrefill = true, Hold = HoldSupport.Free, PrefixReuse = PrefixReuse.None };
    }

    public EngineDescription Description { get; }

    public ITextCodec? TextCodec => _model.TextCodec;

    /// <summary>Builds an engine and runs a first sequence through it.</summary>
    /// <exception cref="OnnxGenAIException">See <see cref="OnnxGenAIModel.CreateEngine"/>.</exception>
    public static FlatEngine Create(OnnxGenAIModel model)
    {
        try
        {
            using FlatSequence sequence = new(new SequenceStart { Slot = 0, Prompt = [0], MaxTotalTokens = 2, Sampling = SamplingSettings.Greedy });
            sequence.CreateGenerator(model.Handle, model.Folder.VocabularySize);
            sequence.Advance(1, model.Folder.EndTokens[0]);
        }
        catch (OnnxGenAIException error)
        {
            throw new OnnxGenAIException(
                $"The warm-up of the engine on {model.Folder.Path} failed: {error.Message} The usual cause is a {ModelFolder.ConfigFile} that does not fit the model's graph: check the names of its inputs and outputs and model.vocab_size.", error);
        }

        return new FlatEngine(model);
    }

    public void Start(in SequenceStart start)
    {
        Enter();
        try
        {
            SequenceCheck.ThrowIfInvalid(start, Description);
            if (start.SharedTokens > 0)
            {
                throw new EngineFaultException("The sequence can't be started: this engine shares no KV between sequences (EngineDescription.PrefixReuse).");
            }

            if (_slots[start.Slot] is not null)
            {
                throw new EngineFaultException($"The sequence can't be started: slot {start.Slot} is taken.");
            }

            FlatSequence sequence = new(start);
            try
            {
                sequence.CreateGenerator(_model.Handle, _model.Folder.VocabularySize);
            }
            catch (OnnxGenAIException error)
            {
                sequence.Dispose();
                throw new EngineFaultException($"The sequence can't be started: {error.Message}", isFatal: false, error);
            }

            _slots[start.Slot] = sequence;
        }
        finally
        {
            Exit();
        }
    }

    public void Remove(int slot)
    {
        Enter();
        try
        {
            SequenceIn(slot).Dispose();
            _slots[slot] = null;
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
            long free = Description.KvCapacityTokens;
            foreach (FlatSequence? sequence in _slots)
            {
                free -= sequence?.KvTokens ?? 0;
            }

            for (int i = 0; i < plan.Length; i++)
            {
                FlatSequence sequence = SequenceIn(plan[i].Slot);
                events[i] = plan[i].Tokens <= free
                    ? Advance(sequence, plan[i].Tokens)
                    : new StepEvent(sequence.Slot, 0, StepEvent.NoToken, SequenceStatus.OutOfCapacity);
                free -= events[i].Computed;
            }

            return plan.Length;
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

    private StepEvent Advance(FlatSequence sequence, int wanted)
    {
        if (!sequence.HasFailed)
        {
            try
            {
                return sequence.Advance(wanted, _model.Folder.EndTokens[0]);
            }
            catch (OnnxGenAIException)
            {
                // The generator would go on with garbage.
                sequence.HasFailed = true;
            }
        }

        return new StepEvent(sequence.Slot, 0, StepEvent.NoToken, SequenceStatus.Failed);
    }

    private FlatSequence SequenceIn(int slot) =>
        ((uint)slot < (uint)_slots.Length ? _slots[slot] : null) ?? throw new ArgumentOutOfRangeException(nameof(slot), slot, "No sequence was started in this slot.");

    private void Enter()
    {
        _guard.Enter(this);
        ProcessExitGate.Enter();
    }

    private void Exit()
    {
        if (_guard.Exit())
        {
            Free();
        }

        ProcessExitGate.Exit();
    }

    private void Free()
    {
        foreach (FlatSequence? sequence in _slots)
        {
            sequence?.Dispose();
        }

        _model.ReleaseReference();
    }
}
