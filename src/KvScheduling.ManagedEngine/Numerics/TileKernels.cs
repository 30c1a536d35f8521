using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace KvScheduling.ManagedEngine;

/// <summary>The inner loops of every matrix product: up to six rows times two vectors of outputs.</summary>
/// <remarks>
/// <para>The rule that makes results independent of batch, chunks, threads and vector width: each output element is one chain of fused multiply-adds
/// over k ascending, from 0, in one float32 accumulator. A stored weight becomes float(q) · scale, rounded once, before it enters the chain.
/// Every kernel here keeps it, so which kernel computes a row is a matter of speed alone.</para>
/// <para>Six rows by two vectors are twelve accumulators: enough chains to hide the latency of the multiply-add, few enough for the 16 registers of AVX2.</para>
/// </remarks>
internal static unsafe partial class TileKernels<TLanes, TLayout>
    where TLanes : struct, ILanes<TLanes>
    where TLayout : struct, IPanelLayout<TLanes>
{
    /// <summary>Computes any number of rows. Advances the call's input and output.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(ref TileCall call, int rows)
    {
        for (; rows >= 6; rows -= 6)
        {
            Rows6(call);
            Advance(ref call, 6);
        }

        if (rows >= 4)
        {
            Rows4(call);
            Advance(ref call, 4);
            rows -= 4;
        }

        switch (rows)
        {
            case 3:
                Rows3(call);
                break;
            case 2:
                Rows2(call);
                break;
            case 1:
                Rows1(call);
                break;
        }
    }

    /// <summary>One row times two neighbouring panels: four chains, where one panel's two would wait for each other.</summary>
    /// <param name="call">The call for the first panel. The second panel's outputs follow the first's.</param>
    /// <param name="panelBytes">Bytes from one panel to the next.</param>
    /// <param name="panelScales">Scales of a panel.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Row1Panels2(in TileCall call, nint panelBytes, nint panelScales)
    {
        TLanes a0 = TLanes.Zero, a1 = TLanes.Zero, b0 = TLanes.Zero, b1 = TLanes.Zero;
        TLanes s0 = TLanes.Zero, s1 = TLanes.Zero, t0 = TLanes.Zero, t1 = TLanes.Zero;
        float* x = call.Input;
        byte* p = call.Panel;
        byte* q = p + panelBytes;
        float* scalesP = call.Scales;
        float* scalesQ = scalesP + panelScales;
        nint step = Step(call), second = call.Second, ahead = call.PrefetchDistance, depth = call.Depth, group = call.Group;
        for (nint k = 0; k < depth;)
        {
            LoadScales(ref scalesP, ref s0, ref s1);
            LoadScales(ref scalesQ, ref t0, ref t1);
            for (nint end = k + group; k < end; k++)
            {
                Prefetch(p + ahead);
                Prefetch(q + ahead);
                LoadWeights(p, second, s0, s1, out TLanes p0, out TLanes p1);
                LoadWeights(q, second, t0, t1, out TLanes q0, out TLanes q1);
                TLanes v = TLanes.Broadcast(x[k]);
                a0 = TLanes.MultiplyAdd(p0, v, a0);
                a1 = TLanes.MultiplyAdd(p1, v, a1);
                b0 = TLanes.MultiplyAdd(q0, v, b0);
                b1 = TLanes.MultiplyAdd(q1, v, b1);
                p += step;
                q += step;
            }
        }

        Store(call, call.Output, a0, a1);
        Store(call, call.Output + (2 * TLanes.Count), b0, b1);
    }

    /// <summary>Writes a panel as float32, two vectors per k, with the rounding that the other kernels apply on the way.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack(in TileCall call, float* destination)
    {
        TLanes s0 = TLanes.Zero, s1 = TLanes.Zero;
        byte* w = call.Panel;
        float* scales = call.Scales;
        nint step = Step(call), second = call.Second, ahead = call.PrefetchDistance, depth = call.Depth, group = call.Group;
        for (nint k = 0; k < depth;)
        {
            LoadScales(ref scales, ref s0, ref s1);
            for (nint end = k + group; k < end; k++)
            {
                Prefetch(w + ahead);
                LoadWeights(w, second, s0, s1, out TLanes w0, out TLanes w1);
                TLanes.Store(w0, destination);
                TLanes.Store(w1, destination + TLanes.Count);
                destination += 2 * TLanes.Count;
                w += step;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Advance(ref TileCall call, int rows)
    {
        call.Input += rows * call.InputStride;
        call.Output += rows * call.OutputStride;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint Step(in TileCall call) => TLayout.StepBytes == 0 ? call.Step : TLayout.StepBytes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void LoadScales(ref float* scales, ref TLanes s0, ref TLanes s1)
    {
        if (TLayout.IsScaled)
        {
            s0 = TLanes.Load(scales);
            s1 = TLanes.Load(scales + TLanes.Count);
            scales += 2 * TLanes.Count;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void LoadWeights(byte* w, nint second, TLanes s0, TLanes s1, out TLanes w0, out TLanes w1)
    {
        TLayout.Load(w, second, out w0, out w1);
        if (TLayout.IsScaled)
        {
            w0 *= s0;
            w1 *= s1;
        }
    }

    /// <remarks>The hardware's prefetcher starts anew at every panel, which costs half the bandwidth on short ones. Caller-strided data is small and near.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(byte* address)
    {
        if (TLayout.StepBytes != 0 && Sse.IsSupported)
        {
            Sse.Prefetch0(address);
            if (TLayout.StepBytes > 64)
            {
                Sse.Prefetch0(address + 64);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(in TileCall call, float* y, TLanes a, TLanes b)
    {
        if (call.Accumulate)
        {
            a = TLanes.Load(y) + a;
            b = TLanes.Load(y + call.OutputSecond) + b;
        }

        TLanes.Store(a, y);
        TLanes.Store(b, y + call.OutputSecond);
    }
}
