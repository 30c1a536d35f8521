namespace KvScheduling.OnnxGenAI;

/// <content>The native turns of the sequences: who has one, and what a run did to them.</content>
internal sealed partial class PagedEngine
{
    /// <summary>Ends the turns that must not advance in this step.</summary>
    /// <returns>Whether events of that are due, which take a run of their own.</returns>
    private bool StopUnplanned()
    {
        bool isDue = false;
        foreach (PagedSequence? sequence in _slots)
        {
            if (sequence is not { State: TurnState.Active })
            {
                continue;
            }

            // A token that is due was sampled ahead of the plan; a second one would run further ahead.
            bool isHeld = sequence.PlannedStep != _step && !sequence.IsPrefilling;
            if (isHeld || sequence.MustStop || sequence.DueToken != StepEvent.NoToken)
            {
                _forecast.Remove(sequence);
                sequence.Stop();
                isDue |= sequence.State == TurnState.Stopping;
            }
        }

        return isDue;
    }

    private void BeginIfIdle(PagedSequence sequence)
    {
        if (sequence.State == TurnState.Active || sequence.HasFailed || sequence.DueToken != StepEvent.NoToken)
        {
            return;
        }

        if (sequence.NextTurnStart >= sequence.MaxTotalTokens)
        {
            sequence.HasFailed = true;
            return;
        }

        if (!HasBlocksFor(sequence))
        {
            return;
        }

        try
        {
            Begin(sequence);
        }
        catch (OnnxGenAIException)
        {
            sequence.HasFailed = true;
        }
    }

    private void Begin(PagedSequence sequence)
    {
        if (!sequence.CanContinue)
        {
            Forget(sequence);
        }

        sequence.Begin(_engine, _model.Folder.VocabularySize);
        _byRequest[sequence.Request] = sequence;
        _forecast.Add(sequence);
    }

    private bool HasBlocksFor(PagedSequence sequence)
    {
        long free = _settings.BlockCount;
        foreach (PagedSequence? other in _slots)
        {
            if (other is not null && other != sequence)
            {
                free -= Blocks(other.KvTokens);
            }
        }

        return Blocks(sequence.NextTurnStart) <= free;
    }

    private long Blocks(int tokens) => ((long)tokens + _settings.BlockTokens - 1) / _settings.BlockTokens;

    private bool CountDecoding(out int decoding)
    {
        bool hasWork = false;
        decoding = 0;
        foreach (PagedSequence? sequence in _slots)
        {
            if (sequence is { State: TurnState.Active })
            {
                hasWork = true;
                decoding += sequence.IsPrefilling ? 0 : 1;
            }
        }

        return hasWork;
    }

    private void Run()
    {
        int count = _engine.Run();
        for (int i = 0; i < count; i++)
        {
            Take(_engine.GetEvent(i));
        }
    }

    private void Take(in EngineEvent happened)
    {
        // Nobody could run, or a run was rolled back: who got nothing is reported by having advanced nothing.
        if ((happened.Flags & (EngineEventFlags.CapacityBlocked | EngineEventFlags.Retryable)) != 0)
        {
            return;
        }

        bool isFinished = (happened.Flags & EngineEventFlags.TurnFinished) != 0;
        bool isFailed = (happened.Flags & EngineEventFlags.Failed) != 0;
        if (isFailed && !(isFinished && happened.Code == EngineErrorCode.RequestUnserviceable))
        {
            throw new OnnxGenAIException($"a step failed ({happened.Code}). A graph that does not fit the config, or memory that ran out, does this.");
        }

        if (!_byRequest.TryGetValue(happened.Request, out PagedSequence? sequence) || sequence.TurnId != happened.TurnId)
        {
            return;
        }

        sequence.AdvancedStep = _step;
        if ((happened.Flags & EngineEventFlags.Token) != 0)
        {
            Accept(sequence, happened.Token, isEndToken: false);
        }

        if (isFinished)
        {
            bool byEndToken = happened.Reason == TurnFinishReason.Eos;
            if (byEndToken)
            {
                Accept(sequence, _model.Folder.EndTokens[0], isEndToken: true);
            }

            sequence.HasFailed |= isFailed;
            sequence.Finish(byEndToken);
        }
    }

    private static void Accept(PagedSequence sequence, int token, bool isEndToken)
    {
        if (sequence.DueToken != StepEvent.NoToken)
        {
            throw new OnnxGenAIException("a run delivered two tokens of one sequence.");
        }

        sequence.Accept(token, isEndToken);
    }

    private void Forget(PagedSequence sequence)
    {
        _forecast.Remove(sequence);
        if (sequence.Request != 0)
        {
            _byRequest.Remove(sequence.Request);
        }
    }
}
