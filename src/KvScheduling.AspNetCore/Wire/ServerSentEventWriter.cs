using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace KvScheduling.AspNetCore;

/// <summary>Writes server-sent events into a response, and comments while nothing else is there to be sent.</summary>
/// <remarks>One writer of events. Pings come from a timer, but only while that writer waits, so the two never write at once.</remarks>
internal sealed class ServerSentEventWriter : IAsyncDisposable
{
    private const int MaxUnflushedBytes = 16 * 1024;

    private readonly HttpResponse _response;
    private readonly TimeSpan _pingInterval;
    private readonly ITimer? _timer;
    private readonly ArrayBufferWriter<byte> _frame = new();
    private readonly Utf8JsonWriter _json;

    /// <summary>Held by whoever may touch the response: the writer, or a ping while the writer waits.</summary>
    private readonly SemaphoreSlim _gate = new(1);
    private volatile bool _waiting;
    private int _unflushedBytes;

    public ServerSentEventWriter(HttpResponse response, TimeSpan pingInterval, TimeProvider time)
    {
        _response = response;
        _pingInterval = pingInterval;
        _json = new Utf8JsonWriter(_frame, WireJson.WriterOptions);
        _timer = pingInterval == Timeout.InfiniteTimeSpan
            ? null
            : time.CreateTimer(static state => ((ServerSentEventWriter)state!).OnPingDue(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Whether anything was written: from then on the status cannot change.</summary>
    public bool HasStarted { get; private set; }

    /// <summary>Writes one event with JSON as its data. Stays in the buffer until <see cref="FlushAsync"/> or <see cref="WaitAsync"/>.</summary>
    public void Write<TState>(TState state, Action<Utf8JsonWriter, TState> write)
    {
        // First into a buffer of its own: a frame that can't be written to its end must not leave half of itself in the response.
        _frame.ResetWrittenCount();
        _json.Reset(_frame);
        write(_json, state);
        _json.Flush();
        Start();
        PipeWriter body = _response.BodyWriter;
        body.Write("data: "u8);
        body.Write(_frame.WrittenSpan);
        body.Write("\n\n"u8);
        _unflushedBytes += _frame.WrittenCount;
    }

    /// <summary>Writes the event that ends a stream of OpenAI's.</summary>
    public void WriteDone()
    {
        Start();
        _response.BodyWriter.Write("data: [DONE]\n\n"u8);
    }

    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        if (HasStarted)
        {
            _unflushedBytes = 0;
            await _response.BodyWriter.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Waits for something to write: sends what is buffered, then pings until it comes.</summary>
    public async ValueTask<bool> WaitAsync(ValueTask<bool> next, CancellationToken cancellationToken)
    {
        // What is there already is written into the same flush, unless the buffer grew large.
        if (next.IsCompleted && _unflushedBytes < MaxUnflushedBytes)
        {
            return await next.ConfigureAwait(false);
        }

        Task<bool> pending = next.AsTask();
        try
        {
            await FlushAsync(cancellationToken).ConfigureAwait(false);
            SetWaiting(true);
            return await pending.ConfigureAwait(false);
        }
        finally
        {
            // Neither a ping that is being written nor the step of an enumerator may be left behind.
            await _gate.WaitAsync(CancellationToken.None).ConfigureAwait(false);
            SetWaiting(false);
            _gate.Release();
            await ((Task)pending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_timer is not null)
        {
            await _timer.DisposeAsync().ConfigureAwait(false);
        }

        await _gate.WaitAsync().ConfigureAwait(false);
        _gate.Dispose();
        await _json.DisposeAsync().ConfigureAwait(false);
    }

    private void SetWaiting(bool waiting)
    {
        _waiting = waiting;
        _timer?.Change(waiting ? _pingInterval : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    private void Start()
    {
        if (HasStarted)
        {
            return;
        }

        HasStarted = true;
        _response.ContentType = "text/event-stream";
        _response.Headers.CacheControl = "no-cache,no-store";
        // nginx buffers responses unless told otherwise.
        _response.Headers["X-Accel-Buffering"] = "no";
        _response.HttpContext.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
    }

    private async void OnPingDue()
    {
        try
        {
            if (!await _gate.WaitAsync(0).ConfigureAwait(false))
            {
                return;
            }
        }
        catch (ObjectDisposedException)
        {
            return;
        }

        try
        {
            if (_waiting)
            {
                Start();
                _response.BodyWriter.Write(": ping\n\n"u8);
                await _response.BodyWriter.FlushAsync(_response.HttpContext.RequestAborted).ConfigureAwait(false);
                _timer!.Change(_pingInterval, Timeout.InfiniteTimeSpan);
            }
        }
#pragma warning disable CA1031 // On a timer's thread nobody could catch it; a connection that broke ends the request by its own token.
        catch
        {
        }
#pragma warning restore CA1031
        finally
        {
            _gate.Release();
        }
    }
}
