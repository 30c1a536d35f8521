using System.Runtime.CompilerServices;

namespace KvScheduling.ManagedEngine;

/// <content>The tiles: the same loop for 6, 4, 3, 2 and 1 rows, written out so that every accumulator is a register.</content>
internal static unsafe partial class TileKernels<TLanes, TLayout>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows6(in TileCall call)
    {
        TLanes a0 = TLanes.Zero, a1 = TLanes.Zero;
        TLanes b0 = TLanes.Zero, b1 = TLanes.Zero;
        TLanes c0 = TLanes.Zero, c1 = TLanes.Zero;
        TLanes d0 = TLanes.Zero, d1 = TLanes.Zero;
        TLanes e0 = TLanes.Zero, e1 = TLanes.Zero;
        TLanes f0 = TLanes.Zero, f1 = TLanes.Zero;
        TLanes s0 = TLanes.Zero, s1 = TLanes.Zero;
        float* x0 = call.Input;
        float* x1 = x0 + call.InputStride;
        float* x2 = x1 + call.InputStride;
        float* x3 = x2 + call.InputStride;
        float* x4 = x3 + call.InputStride;
        float* x5 = x4 + call.InputStride;
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
                TLanes v0 = TLanes.Broadcast(x0[k]);
                a0 = TLanes.MultiplyAdd(w0, v0, a0);
                a1 = TLanes.MultiplyAdd(w1, v0, a1);
                TLanes v1 = TLanes.Broadcast(x1[k]);
                b0 = TLanes.MultiplyAdd(w0, v1, b0);
                b1 = TLanes.MultiplyAdd(w1, v1, b1);
                TLanes v2 = TLanes.Broadcast(x2[k]);
                c0 = TLanes.MultiplyAdd(w0, v2, c0);
                c1 = TLanes.MultiplyAdd(w1, v2, c1);
                TLanes v3 = TLanes.Broadcast(x3[k]);
                d0 = TLanes.MultiplyAdd(w0, v3, d0);
                d1 = TLanes.MultiplyAdd(w1, v3, d1);
                TLanes v4 = TLanes.Broadcast(x4[k]);
                e0 = TLanes.MultiplyAdd(w0, v4, e0);
                e1 = TLanes.MultiplyAdd(w1, v4, e1);
                TLanes v5 = TLanes.Broadcast(x5[k]);
                f0 = TLanes.MultiplyAdd(w0, v5, f0);
                f1 = TLanes.MultiplyAdd(w1, v5, f1);
                w += step;
            }
        }

        float* y = call.Output;
        Store(call, y, a0, a1);
        Store(call, y + call.OutputStride, b0, b1);
        Store(call, y + (2 * call.OutputStride), c0, c1);
        Store(call, y + (3 * call.OutputStride), d0, d1);
        Store(call, y + (4 * call.OutputStride), e0, e1);
        Store(call, y + (5 * call.OutputStride), f0, f1);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows4(in TileCall call)
    {
        TLanes a0 = TLanes.Zero, a1 = TLanes.Zero;
        TLanes b0 = TLanes.Zero, b1 = TLanes.Zero;
        TLanes c0 = TLanes.Zero, c1 = TLanes.Zero;
        TLanes d0 = TLanes.Zero, d1 = TLanes.Zero;
        TLanes s0 = TLanes.Zero, s1 = TLanes.Zero;
        float* x0 = call.Input;
        float* x1 = x0 + call.InputStride;
        float* x2 = x1 + call.InputStride;
        float* x3 = x2 + call.InputStride;
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
                TLanes v0 = TLanes.Broadcast(x0[k]);
                a0 = TLanes.MultiplyAdd(w0, v0, a0);
                a1 = TLanes.MultiplyAdd(w1, v0, a1);
                TLanes v1 = TLanes.Broadcast(x1[k]);
                b0 = TLanes.MultiplyAdd(w0, v1, b0);
                b1 = TLanes.MultiplyAdd(w1, v1, b1);
                TLanes v2 = TLanes.Broadcast(x2[k]);
                c0 = TLanes.MultiplyAdd(w0, v2, c0);
                c1 = TLanes.MultiplyAdd(w1, v2, c1);
                TLanes v3 = TLanes.Broadcast(x3[k]);
                d0 = TLanes.MultiplyAdd(w0, v3, d0);
                d1 = TLanes.MultiplyAdd(w1, v3, d1);
                w += step;
            }
        }

        float* y = call.Output;
        Store(call, y, a0, a1);
        Store(call, y + call.OutputStride, b0, b1);
        Store(call, y + (2 * call.OutputStride), c0, c1);
        Store(call, y + (3 * call.OutputStride), d0, d1);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows3(in TileCall call)
    {
        TLanes a0 = TLanes.Zero, a1 = TLanes.Zero;
        TLanes b0 = TLanes.Zero, b1 = TLanes.Zero;
        TLanes c0 = TLanes.Zero, c1 = TLanes.Zero;
        TLanes s0 = TLanes.Zero, s1 = TLanes.Zero;
        float* x0 = call.Input;
        float* x1 = x0 + call.InputStride;
        float* x2 = x1 + call.InputStride;
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
                TLanes v0 = TLanes.Broadcast(x0[k]);
                a0 = TLanes.MultiplyAdd(w0, v0, a0);
                a1 = TLanes.MultiplyAdd(w1, v0, a1);
                TLanes v1 = TLanes.Broadcast(x1[k]);
                b0 = TLanes.MultiplyAdd(w0, v1, b0);
                b1 = TLanes.MultiplyAdd(w1, v1, b1);
                TLanes v2 = TLanes.Broadcast(x2[k]);
                c0 = TLanes.MultiplyAdd(w0, v2, c0);
                c1 = TLanes.MultiplyAdd(w1, v2, c1);
                w += step;
            }
        }

        float* y = call.Output;
        Store(call, y, a0, a1);
        Store(call, y + call.OutputStride, b0, b1);
        Store(call, y + (2 * call.OutputStride), c0, c1);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows2(in TileCall call)
    {
        TLanes a0 = TLanes.Zero, a1 = TLanes.Zero;
        TLanes b0 = TLanes.Zero, b1 = TLanes.Zero;
        TLanes s0 = TLanes.Zero, s1 = TLanes.Zero;
        float* x0 = call.Input;
        float* x1 = x0 + call.InputStride;
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
                TLanes v0 = TLanes.Broadcast(x0[k]);
                a0 = TLanes.MultiplyAdd(w0, v0, a0);
                a1 = TLanes.MultiplyAdd(w1, v0, a1);
                TLanes v1 = TLanes.Broadcast(x1[k]);
                b0 = TLanes.MultiplyAdd(w0, v1, b0);
                b1 = TLanes.MultiplyAdd(w1, v1, b1);
                w += step;
            }
        }

        float* y = call.Output;
        Store(call, y, a0, a1);
        Store(call, y + call.OutputStride, b0, b1);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows1(in TileCall call)
    {
        TLanes a0 = TLanes.Zero, a1 = TLanes.Zero;
        TLanes s0 = TLanes.Zero, s1 = TLanes.Zero;
        float* x0 = call.Input;
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
                TLanes v0 = TLanes.Broadcast(x0[k]);
                a0 = TLanes.MultiplyAdd(w0, v0, a0);
                a1 = TLanes.MultiplyAdd(w1, v0, a1);
                w += step;
            }
        }

        float* y = call.Output;
        Store(call, y, a0, a1);
    }
}
