namespace KvScheduling;

/// <summary>Bounds the line by requests and by prompt tokens, before any work is spent. Thread-safe.</summary>
internal sealed class Door(int maxRequests, long maxTokens)
{
    private readonly Lock _gate = new();
    private int _requests;
    private long _tokens;
    private SchedulingRejection? _closed;
    private Exception? _closedBy;
    private TaskCompletionSource? _room;

    public int MaxRequests => maxRequests;

    public long MaxTokens => maxTokens;

    /// <summary>Places taken: requests that wait, and those on their way into the line.</summary>
    public int Requests
    {
        get
        {
            lock (_gate)
            {
                return _requests;
            }
        }
    }

    /// <summary>Prompt tokens of the requests that wait.</summary>
    public long Tokens
    {
        get
        {
            lock (_gate)
            {
                return _tokens;
            }
        }
    }

    /// <summary>Takes a place, with as many prompt tokens as are known already.</summary>
    public DoorAnswer TryEnter(long tokens = 0)
    {
        lock (_gate)
        {
            if (_closed is null && _requests >= maxRequests)
            {
                return DoorAnswer.TooManyRequests;
            }

            DoorAnswer answer = Add(tokens);
            _requests += answer == DoorAnswer.Open ? 1 : 0;
            return answer;
        }
    }

    /// <summary>Adds the prompt of a request that has a place.</summary>
    public DoorAnswer TryAddTokens(long tokens)
    {
        lock (_gate)
        {
            return Add(tokens);
        }
    }

    /// <summary>Gives a place and its tokens back: the request started, ended or was never submitted.</summary>
    public void Leave(long tokens)
    {
        TaskCompletionSource? room;
        lock (_gate)
        {
            _requests--;
            _tokens -= tokens;
            room = _room;
            _room = null;
        }

        room?.TrySetResult();
    }

    /// <summary>Undoes <see cref="TryAddTokens"/> for a request that turned out to have no place.</summary>
    public void TakeBackTokens(long tokens)
    {
        lock (_gate)
        {
            _tokens -= tokens;
        }
    }

    /// <summary>A task that ends at the next <see cref="Leave"/> or when the door closes.</summary>
    public Task WaitForChangeAsync()
    {
        lock (_gate)
        {
            if (_closed is not null)
            {
                return Task.CompletedTask;
            }

            _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _room.Task;
        }
    }

    /// <summary>Refuses everything from now on; a later reason replaces an earlier one.</summary>
    public void Close(SchedulingRejection reason, Exception? error = null)
    {
        TaskCompletionSource? room;
        lock (_gate)
        {
            _closed = reason;
            _closedBy = error;
            room = _room;
            _room = null;
        }

        room?.TrySetResult();
    }

    /// <summary>An empty line takes any prompt, else one above the bound could never enter.</summary>
    private DoorAnswer Add(long tokens)
    {
        if (_closed is not null)
        {
            return DoorAnswer.Closed;
        }

        if (_tokens > 0 && _tokens + tokens > maxTokens)
        {
            return DoorAnswer.TooManyTokens;
        }

        _tokens += tokens;
        return DoorAnswer.Open;
    }

    /// <summary>The exception for an answer other than <see cref="DoorAnswer.Open"/>.</summary>
    public SchedulingRejectedException Refusal(DoorAnswer answer, TimeSpan? retryAfter)
    {
        SchedulingRejection? closed;
        Exception? closedBy;
        lock (_gate)
        {
            closed = _closed;
            closedBy = _closedBy;
        }

        return answer switch
        {
            DoorAnswer.TooManyRequests => new(
                SchedulingRejection.QueueFull,
                $"The line is full: {maxRequests} requests wait ({nameof(KvSchedulingOptions.MaxQueuedRequests)}). Try again later, or raise the limit.",
                retryAfter),
            DoorAnswer.TooManyTokens => new(
                SchedulingRejection.QueueFull,
                $"The line is full: with this prompt more than {maxTokens} prompt tokens would wait ({nameof(KvSchedulingOptions.MaxQueuedTokens)}). Try again later, or raise the limit.",
                retryAfter),
            _ when closed == SchedulingRejection.EngineFaulted => new(
                SchedulingRejection.EngineFaulted, "The engine failed and could not be brought back; see the inner exception and the log. Restart the scheduler.", null, closedBy),
            _ => new(SchedulingRejection.ShuttingDown, "The scheduler is shutting down and takes no requests."),
        };
    }
}

/// <summary>What the door says to one request.</summary>
internal enum DoorAnswer
{
    Open,
    TooManyRequests,
    TooManyTokens,
    Closed,
}
