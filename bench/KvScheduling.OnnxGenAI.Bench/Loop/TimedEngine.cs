using System.Diagnostics;

namespace KvScheduling.OnnxGenAI.Bench;

/// <summary>Counts what the steps of a paged engine take, and what of it the native library takes.</summary>
internal sealed class TimedEngine(PagedEngine inner) : IInferenceEngine
{
    public EngineDescription Description => inner.Description;

    public ITextCodec? TextCodec => inner.TextCodec;

    public long Steps { get; private set; }

    public long StepTicks { get; private set; }

    public long NativeTicks { get; private set; }

    /// <summary>Steps that began no sequence.</summary>
    public long DecodeSteps { get; private set; }

    /// <summary>Managed bytes allocated in them. A sequence that begins takes a handle of its own.</summary>
    public long AllocatedBytes { get; private set; }

    public void Reset() => (Steps, DecodeSteps, StepTicks, NativeTicks, AllocatedBytes) = (0, 0, 0, 0, 0);

    public void Start(in SequenceStart start) => inner.Start(start);

    public void Remove(int slot) => inner.Remove(slot);

    public int RunStep(ReadOnlySpan<StepItem> plan, Span<StepEvent> events)
    {
        long bytes = GC.GetAllocatedBytesForCurrentThread();
        long native = inner.Native.NativeTicks;
        long start = Stopwatch.GetTimestamp();
        int count = inner.RunStep(plan, events);
        StepTicks += Stopwatch.GetTimestamp() - start;
        NativeTicks += inner.Native.NativeTicks - native;
        bytes = GC.GetAllocatedBytesForCurrentThread() - bytes;
        Steps++;
        if (IsDecoding(plan))
        {
            DecodeSteps++;
            AllocatedBytes += bytes;
        }

        return count;
    }

    public void Dispose() => inner.Dispose();

    private static bool IsDecoding(ReadOnlySpan<StepItem> plan)
    {
        foreach (StepItem item in plan)
        {
            if (item.Tokens > 1)
            {
                return false;
            }
        }

        return true;
    }
}
