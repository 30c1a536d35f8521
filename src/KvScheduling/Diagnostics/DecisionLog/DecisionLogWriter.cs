using System.Buffers;
using System.Threading.Channels;

namespace KvScheduling;

/// <summary>A decision log in a file, written by a thread of its own: the loop hands records over and never waits.</summary>
/// <remarks>Records that find the queue full, the log at its size or the disk failing are counted, and the log says where they are missing.</remarks>
internal sealed class DecisionLogWriter : IDecisionLogSink, IDisposable
{
    /// <summary>Room for the last records, whatever the limit.</summary>
    private const int Reserve = 1024;

    private readonly Channel<Record> _queue;
    private readonly Stream _stream;
    private readonly StreamLogSink _sink;
    private readonly Thread _thread;
    private readonly Action<string, Exception?> _onIncomplete;
    private readonly long _maxBytes;
    private readonly TimeSpan _stopGrace;
    private long _taken;
    private long _next;
    private long _lost;
    private bool _isFull;
    private bool _hasTold;

    /// <param name="stream">Where the log goes; disposed with the writer.</param>
    /// <param name="options">Its limits.</param>
    /// <param name="onIncomplete">Told once, on the writer's thread, why records are missing.</param>
    public DecisionLogWriter(Stream stream, DecisionLogOptions options, Action<string, Exception?> onIncomplete)
    {
        _stream = stream;
        _sink = new StreamLogSink(stream);
        _maxBytes = options.MaxBytes - Reserve;
        _stopGrace = options.StopGrace;
        _onIncomplete = onIncomplete;
        _queue = Channel.CreateBounded<Record>(new BoundedChannelOptions(options.BufferedRecords) { SingleReader = true, AllowSynchronousContinuations = false });
        _thread = new Thread(Run) { IsBackground = true, Name = "KvScheduling decision log" };
        _thread.Start();
    }

    /// <summary>Records that could not be written.</summary>
    public long Lost => Interlocked.Read(ref _lost);

    /// <summary>Opens the file of the options; one of that name is kept as the previous one.</summary>
    /// <exception cref="IOException">The file can't be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file can't be written.</exception>
    public static DecisionLogWriter Open(DecisionLogOptions options, Action<string, Exception?> onIncomplete)
    {
        string path = Path.GetFullPath(options.Path!);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (File.Exists(path))
        {
            File.Move(path, path + ".previous", overwrite: true);
        }

        return new DecisionLogWriter(new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 1 << 16), options, onIncomplete);
    }

    public void Write(ReadOnlySpan<byte> body)
    {
        byte[] bytes = ArrayPool<byte>.Shared.Rent(body.Length);
        body.CopyTo(bytes);
        if (!_queue.Writer.TryWrite(new Record(_taken++, bytes, body.Length)))
        {
            ArrayPool<byte>.Shared.Return(bytes);
            Interlocked.Increment(ref _lost);
        }
    }

    /// <summary>Writes what waits, and the end of the log.</summary>
    public void Dispose()
    {
        _queue.Writer.TryComplete();
        if (Thread.CurrentThread != _thread)
        {
            _thread.Join(_stopGrace);
        }
    }

    private void Run()
    {
        try
        {
            while (_queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
            {
                while (_queue.Reader.TryRead(out Record record))
                {
                    Take(record);
                    ArrayPool<byte>.Shared.Return(record.Bytes);
                }

                _stream.Flush();
            }

            WriteMissing(_taken);
            _sink.Close(Lost);
            _stream.Dispose();
        }
#pragma warning disable CA1031 // A log that can't be written must not stop what it logs.
        catch (Exception error)
#pragma warning restore CA1031
        {
            Tell("it can't be written", error);
            Discard();
        }
    }

    private void Take(in Record record)
    {
        long length = record.Length + DecisionLogSeal.Length + 1;
        if (_isFull || _sink.Bytes + length > _maxBytes)
        {
            _isFull = true;
            Interlocked.Increment(ref _lost);
            Tell("it has reached its size", null);
            return;
        }

        WriteMissing(record.Number);
        _sink.Write(record.Bytes.AsSpan(0, record.Length));
        _next = record.Number + 1;
    }

    /// <summary>Says how many records are missing before this one.</summary>
    private void WriteMissing(long before)
    {
        if (before > _next)
        {
            Tell("its buffer was full", null);
            _sink.WriteMissing(before - _next);
        }
    }

    private void Tell(string reason, Exception? error)
    {
        if (!_hasTold)
        {
            _hasTold = true;
            _onIncomplete(reason, error);
        }
    }

    private void Discard()
    {
        try
        {
            _stream.Dispose();
        }
#pragma warning disable CA1031 // What is left in the stream's buffer can't be written either.
        catch (Exception)
#pragma warning restore CA1031
        {
        }

        // The queue stays full from here on, or empties itself: either way the loop only counts.
        while (_queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (_queue.Reader.TryRead(out Record record))
            {
                Interlocked.Increment(ref _lost);
                ArrayPool<byte>.Shared.Return(record.Bytes);
            }
        }
    }

    /// <summary>A record that waits to be written.</summary>
    private readonly record struct Record(long Number, byte[] Bytes, int Length);
}
