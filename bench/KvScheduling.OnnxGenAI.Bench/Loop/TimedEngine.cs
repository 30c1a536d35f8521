using System.Diagnostics;

namespace KvScheduling.OnnxGenAI.Bench;

/// <summary>Takes down what each step of a paged engine takes inside the native library, around it, and before the next step begins.</summary>
internal sealed class TimedEngine(PagedEngine inner) : DelegatingInferenceEngine(inner)
{
    private const int MostSteps = 1 << 20;

    private readonly PagedEngine _paged = inner;
    private readonly long[] _native = new long[MostSteps];
    private readonly long[] _binding = new long[MostSteps];
    private readonly long[] _loop = new long[MostSteps];
    private long _end;
    private bool _hasStarted;

    public int Steps { get; private set; }

    /// <summary>Native steps in them.</summary>
    public long Runs { get; private set; }

    /// <summary>Managed bytes allocated in steps that began no sequence; a sequence that begins takes a handle of its own.</summary>
    public long DecodeBytes { get; private set; }

    public double NativeSeconds => Median(_native);

    public double BindingSeconds => Median(_binding);

    /// <summary>From the end of a step to the beginning of the next.</summary>
    public double LoopSeconds => Median(_loop);

    public void Reset() => (Steps, Runs, DecodeBytes, _end) = (0, 0, 0, 0);

    public override void Start(in SequenceStart start)
    {
        _hasStarted = true;
        _paged.Start(start);
    }

    public override int RunStep(ReadOnlySpan<StepItem> plan, Span<StepEvent> events)
    {
        long bytes = GC.GetAllocatedBytesForCurrentThread();
        long nativeTicks = _paged.Native.NativeTicks;
        long runs = _paged.Native.Runs;
        long start = Stopwatch.GetTimestamp();
        int count = _paged.RunStep(plan, events);
        long end = Stopwatch.GetTimestamp();
        nativeTicks = _paged.Native.NativeTicks - nativeTicks;
        Runs += _paged.Native.Runs - runs;
        DecodeBytes += _hasStarted ? 0 : GC.GetAllocatedBytesForCurrentThread() - bytes;
        _hasStarted = false;
        if (Steps < MostSteps)
        {
            _native[Steps] = nativeTicks;
            _binding[Steps] = end - start - nativeTicks;
            _loop[Steps] = _end == 0 ? 0 : start - _end;
        }

        _end = end;
        Steps++;
        return count;
    }

    // Other work on the machine lengthens some steps a lot; it does not move the median much.
    private double Median(long[] ticks)
    {
        long[] sorted = [.. ticks.AsSpan(0, Math.Min(Steps, MostSteps))];
        Array.Sort(sorted);
        return sorted.Length == 0 ? 0 : sorted[sorted.Length / 2] / (double)Stopwatch.Frequency;
    }
}
