using System.Buffers;

namespace KvScheduling.OnnxGenAI;

/// <summary>Where a sequence stands natively.</summary>
internal enum TurnState
{
    /// <summary>It has no turn and no KV.</summary>
    None,

    /// <summary>Its turn advances with every run.</summary>
    Active,

    /// <summary>Its turn was cancelled; the event that says so is due.</summary>
    Stopping,

    /// <summary>Its turn is over; KV and batch slot stay.</summary>
    Resident,
}

/// <summary>One sequence of the paged engine: what the scheduler knows of it, and the native request that computes it.</summary>
internal sealed class PagedSequence : IDisposable
{
    private readonly int[] _tokens;
    private readonly string? _schema;
    private RequestHandle? _request;
    private int _known;
    private bool _isReturned;

    public PagedSequence(in SequenceStart start)
    {
        Slot = start.Slot;
        PromptLength = start.Prompt.Length;
        MaxTotalTokens = start.MaxTotalTokens;
        Sampling = start.Sampling;
        _schema = start.Constraint is { } constraint ? Guidance.Schema(constraint) : null;
        _known = start.Prompt.Length + start.Output.Length;
        _tokens = ArrayPool<int>.Shared.Rent(start.MaxTotalTokens + 1);
        start.Prompt.CopyTo(_tokens);
        start.Output.CopyTo(_tokens.AsSpan(PromptLength));
        Uncomputed = _known - start.SharedTokens;
    }

    public int Slot { get; }

    public int PromptLength { get; }

    public int MaxTotalTokens { get; }

    public SamplingSettings Sampling { get; }

    public TurnState State { get; set; }

    public ulong TurnId { get; private set; }

    /// <summary>The native request; 0 when there is none.</summary>
    public nint Request => _request?.Value ?? 0;

    /// <summary>Prompt and output so far.</summary>
    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, _known);

    /// <summary>How many leading tokens the native session has taken in.</summary>
    public int SessionTokens { get; private set; }

    /// <summary>The length at which the current turn began: these tokens' blocks are booked at once.</summary>
    public int TurnStart { get; private set; }

    /// <summary>Whether the current turn has not sampled yet.</summary>
    public bool IsPrefilling { get; private set; }

    /// <summary>Prompt tokens that the native side has yet to compute in this turn, as far as can be told from outside.</summary>
    public int PrefillLeft { get; set; }

    /// <summary>Tokens that are not in the KV cache by the scheduler's account.</summary>
    public int Uncomputed { get; private set; }

    /// <summary>Tokens computed and not yet reported.</summary>
    public int Unreported { get; set; }

    /// <summary>A sampled token that was not reported yet, or <see cref="StepEvent.NoToken"/>.</summary>
    public int DueToken { get; private set; } = StepEvent.NoToken;

    /// <summary>The sequence can't go on.</summary>
    public bool HasFailed { get; set; }

    /// <summary>The turn belongs to the sequence that was in the slot before and must end before this one's begins.</summary>
    public bool MustStop { get; set; }

    /// <summary>The last step that planned it.</summary>
    public long PlannedStep { get; set; }

    /// <summary>The last step in which the native side did something for it.</summary>
    public long AdvancedStep { get; set; }

    public bool HasGrammar => _schema is not null;

    /// <summary>Random stream and grammar start anew with a native turn, so these come back by generating the known output once more instead of reading it in.</summary>
    private bool ResumesByReplay => _schema is not null || !(Sampling.IsGreedy || Sampling.TopK == 1);

    /// <summary>How far a replay has come: tokens before this are native again. Equal to the known length when there is nothing to replay.</summary>
    private int ReplayedTokens { get; set; }

    public bool IsReplaying => ReplayedTokens < _known;

    /// <summary>Tokens in the KV pool after the next step, or now when no turn is active.</summary>
    public int KvTokens => State switch
    {
        TurnState.None => 0,
        TurnState.Resident when EndedByEndToken => SessionTokens,
        TurnState.Resident => Math.Max(TurnStart, SessionTokens - 1),
        _ => Math.Max(TurnStart, SessionTokens),
    };

    private bool EndedByEndToken { get; set; }

    /// <summary>Takes over the native request of the sequence that was parked in the same slot, when this one's tokens start with all that its session has.</summary>
    /// <returns>Whether it did; otherwise the request is left to the parked sequence.</returns>
    public bool TryTakeOver(PagedSequence parked)
    {
        if (parked.Request == 0 || parked.State == TurnState.None || parked.SessionTokens >= _known || !Tokens.StartsWith(parked.Tokens[..parked.SessionTokens]))
        {
            return false;
        }

        _request = parked._request;
        parked._request = null;
        TurnId = parked.TurnId;
        State = parked.State;
        TurnStart = parked.TurnStart;
        SessionTokens = parked.SessionTokens;
        EndedByEndToken = parked.EndedByEndToken;
        IsPrefilling = parked.IsPrefilling;
        MustStop = State == TurnState.Active;
        ReplayedTokens = ResumesByReplay ? PromptLength : _known;
        return true;
    }

    /// <summary>Whether the session can take the missing tokens in as a new turn. Otherwise the sequence starts anew from its tokens.</summary>
    public bool CanContinue => State == TurnState.Resident && SessionTokens < NextTurnStart;

    /// <summary>The length at which the next turn would begin.</summary>
    public int NextTurnStart
    {
        get
        {
            if (State == TurnState.Resident && SessionTokens < (IsReplaying ? ReplayedTokens : _known))
            {
                return IsReplaying ? ReplayedTokens : _known;
            }

            return ResumesByReplay ? PromptLength : _known;
        }
    }

    /// <summary>Begins the turn that computes the missing tokens and samples the next.</summary>
    /// <exception cref="OnnxGenAIException">The native side refuses it.</exception>
    public unsafe void Begin(NativeEngine engine, int vocabularySize)
    {
        int end = NextTurnStart;
        if (!CanContinue)
        {
            Close();
            _request = engine.CreateRequest();
            ReplayedTokens = end;
        }

        NativeResult.Check(NativeMethods.OgaRequestCreateTurnOptions(Request, out nint options));
        try
        {
            NativeResult.Check(NativeMethods.OgaTurnOptionsSetMaxGeneratedTokens(options, (ulong)(MaxTotalTokens - end)));
            TurnOptions.Apply(options, Sampling, SeedOf(end), vocabularySize);
            if (_schema is not null)
            {
                NativeResult.Check(NativeMethods.OgaTurnOptionsSetGuidance(options, Guidance.JsonSchema, _schema));
            }

            ulong turn;
            fixed (int* input = &_tokens[SessionTokens])
            {
                NativeResult.Check(NativeMethods.OgaRequestBeginTurn(Request, options, input, (ulong)(end - SessionTokens), out turn));
            }

            TurnId = turn;
        }
        finally
        {
            NativeMethods.OgaDestroyTurnOptions(options);
        }

        PrefillLeft = end - SessionTokens;
        SessionTokens = TurnStart = end;
        State = TurnState.Active;
        IsPrefilling = true;
        EndedByEndToken = false;
    }

    /// <summary>Asks for the turn to end; KV stays. The event that ends it comes with the next run, which computes nothing.</summary>
    public void Stop()
    {
        NativeResult.Check(NativeMethods.OgaRequestCancelTurn(Request, TurnId, out byte cancelled));
        State = cancelled != 0 ? TurnState.Stopping : TurnState.Resident;
        MustStop = false;
    }

    /// <summary>Takes a sampled token in.</summary>
    /// <param name="token">The token.</param>
    /// <param name="isEndToken">Whether it ended the turn: the session does not hold such a token.</param>
    public void Accept(int token, bool isEndToken)
    {
        IsPrefilling = false;
        if (!isEndToken)
        {
            SessionTokens++;
        }

        if (IsReplaying)
        {
            HasFailed |= _tokens[ReplayedTokens] != token;
            ReplayedTokens++;
            Unreported++;
            return;
        }

        _tokens[_known++] = token;
        ReplayedTokens = _known;
        DueToken = token;
    }

    /// <summary>Counts all that was missing as computed: the next token has been sampled.</summary>
    /// <returns>How many tokens that are.</returns>
    public int ReportAll()
    {
        int computed = Uncomputed;
        Uncomputed = 1;
        Unreported = 0;
        return computed;
    }

    /// <summary>Counts tokens as computed, at most as many as were planned. The last one is counted with what it samples, so that "all computed, nothing sampled" is never seen.</summary>
    /// <returns>How many tokens that are.</returns>
    public int Report(int planned)
    {
        int known = DueToken == StepEvent.NoToken ? Math.Min(Unreported, Uncomputed - 1) : Uncomputed - 1;
        int computed = Math.Min(planned, known);
        Uncomputed -= computed;
        Unreported = Math.Max(0, Unreported - computed);
        return computed;
    }

    public int TakeDueToken()
    {
        int token = DueToken;
        DueToken = StepEvent.NoToken;
        return token;
    }

    /// <summary>The turn is over.</summary>
    public void Finish(bool byEndToken)
    {
        State = TurnState.Resident;
        EndedByEndToken = byEndToken;
        IsPrefilling = false;
        MustStop = false;
    }

    /// <summary>Gives up the native request with its KV; the tokens stay known.</summary>
    public void Close()
    {
        if (_request is { } request)
        {
            // Closing fails only when the engine is gone, and then nothing is held.
            nint result = NativeMethods.OgaRequestClose(request.Value);
            if (result != 0)
            {
                _ = NativeResult.TakeError(result);
            }

            request.Dispose();
            _request = null;
        }

        State = TurnState.None;
        SessionTokens = 0;
        MustStop = false;
        IsPrefilling = false;
    }

    public void Dispose()
    {
        Close();
        if (!_isReturned)
        {
            _isReturned = true;
            ArrayPool<int>.Shared.Return(_tokens);
        }
    }

    // Two turns of one request must not draw the same random numbers; the same turn of a replay must.
    private ulong SeedOf(int turnStart)
    {
        ulong state = (ulong)(Sampling.Seed ?? 0) + ((ulong)(turnStart - PromptLength) * 0x9E3779B97F4A7C15UL);
        state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9UL;
        state = (state ^ (state >> 27)) * 0x94D049BB133111EBUL;
        return state ^ (state >> 31);
    }
}
