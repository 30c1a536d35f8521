using System.Threading.Tasks.Sources;

namespace KvScheduling;

/// <summary>The tokens of one request on their way from the loop to one reader. The writer never waits; memory is bounded by the request's output limit.</summary>
internal sealed class TokenStream : IValueTaskSource<bool>, IThreadPoolWorkItem
{
    private readonly Lock _gate = new();
    private int[] _tokens;
    private int _written;
    private int _visible;
    private int _read;
    private bool _ended;
    private bool _waiting;
    private bool _waitingForEnd;
    private Exception? _error;
    private ManualResetValueTaskSourceCore<bool> _wait;

    public TokenStream(int maxTokens) => _tokens = new int[Math.Min(Math.Max(maxTokens, 1), 64)];

    /// <summary>All tokens written so far, those after the end included. Only for the writer.</summary>
    public ReadOnlyMemory<int> Written => _tokens.AsMemory(0, _written);

    public bool IsEnded
    {
        get
        {
            lock (_gate)
            {
                return _ended;
            }
        }
    }

    /// <summary>Adds a token. After the end (the caller cancelled, the loop does not know yet) it is kept for a resume but not shown to the reader.</summary>
    public void Write(int token)
    {
        bool wake;
        lock (_gate)
        {
            if (_written == _tokens.Length)
            {
                Array.Resize(ref _tokens, _written * 2);
            }

            _tokens[_written++] = token;
            if (_ended)
            {
                return;
            }

            _visible = _written;
            wake = !_waitingForEnd && TakeWaiter();
        }

        if (wake)
        {
            // This object is the work item, so that a token costs no allocation; the reader never runs on the loop's thread.
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    /// <summary>Ends the stream; false when it had ended already.</summary>
    public bool TryEnd(Exception? error)
    {
        bool wake;
        lock (_gate)
        {
            if (_ended)
            {
                return false;
            }

            _ended = true;
            _error = error;
            wake = TakeWaiter();
        }

        if (wake)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }

        return true;
    }

    /// <summary>Takes the next token if there is one. What was written before an error is still delivered.</summary>
    public bool TryRead(out GeneratedToken token)
    {
        lock (_gate)
        {
            if (_read < _visible)
            {
                token = new GeneratedToken(_read, _tokens[_read]);
                _read++;
                return true;
            }
        }

        token = default;
        return false;
    }

    /// <summary>Skips to the end: false when it is reached; throws what ended the stream early. Its reader is woken once, not for every token.</summary>
    public ValueTask<bool> WaitForEndAsync()
    {
        lock (_gate)
        {
            if (!_ended)
            {
                ValueTask<bool> wait = StartWait();
                _waitingForEnd = true;
                return wait;
            }

            _read = _visible;
        }

        return WaitToReadAsync();
    }

    /// <summary>True when a token can be read, false at the end; throws what ended the stream early. One reader at a time.</summary>
    public ValueTask<bool> WaitToReadAsync()
    {
        lock (_gate)
        {
            if (_read < _visible)
            {
                return new ValueTask<bool>(true);
            }

            if (_ended)
            {
                return _error is null ? new ValueTask<bool>(false) : ValueTask.FromException<bool>(_error);
            }

            return StartWait();
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        bool readable;
        Exception? error;
        lock (_gate)
        {
            _read = _waitingForEnd ? _visible : _read;
            _waitingForEnd = false;
            readable = _read < _visible;
            error = readable ? null : _error;
        }

        if (error is null)
        {
            _wait.SetResult(readable);
        }
        else
        {
            _wait.SetException(error);
        }
    }

    bool IValueTaskSource<bool>.GetResult(short token) => _wait.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => _wait.GetStatus(token);

    void IValueTaskSource<bool>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _wait.OnCompleted(continuation, state, token, flags);

    private ValueTask<bool> StartWait()
    {
        if (_waiting)
        {
            throw new InvalidOperationException("A generation has one reader: the previous wait has not ended.");
        }

        _waiting = true;
        _wait.Reset();
        return new ValueTask<bool>(this, _wait.Version);
    }

    private bool TakeWaiter()
    {
        bool waiting = _waiting;
        _waiting = false;
        return waiting;
    }
}
