using System.Runtime.CompilerServices;

namespace KvScheduling.ManagedEngine;

/// <summary>Functions whose results are the same bits on every width, machine and runtime version; the framework's own promise none of that.</summary>
internal static unsafe class VectorMath<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    /// <summary>The lanes over which sums are taken, whatever the width: element i goes to lane i mod 16, and lanes are added as a tree.</summary>
    public const int SumLanes = 16;

    /// <summary>e to the power of x, to about one unit in the last place; x is clamped to [-87, 88]. NaN gives NaN.</summary>
    /// <remarks>Range reduction by ln 2 in two parts and a polynomial of degree 5, as in Cephes' <c>expf</c> (Moshier, 1992), with fused multiply-adds.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Exp(TLanes x)
    {
        x = TLanes.AtMost(TLanes.Broadcast(88f), TLanes.AtLeast(TLanes.Broadcast(-87f), x));
        TLanes n = TLanes.Round(x * TLanes.Broadcast(1.44269504088896341f));
        TLanes r = TLanes.MultiplyAdd(n, TLanes.Broadcast(-0.693359375f), x);
        r = TLanes.MultiplyAdd(n, TLanes.Broadcast(2.12194440e-4f), r);
        TLanes p = TLanes.MultiplyAdd(TLanes.Broadcast(1.9875691500e-4f), r, TLanes.Broadcast(1.3981999507e-3f));
        p = TLanes.MultiplyAdd(p, r, TLanes.Broadcast(8.3334519073e-3f));
        p = TLanes.MultiplyAdd(p, r, TLanes.Broadcast(4.1665795894e-2f));
        p = TLanes.MultiplyAdd(p, r, TLanes.Broadcast(1.6666665459e-1f));
        p = TLanes.MultiplyAdd(p, r, TLanes.Broadcast(5.0000001201e-1f));
        p = TLanes.MultiplyAdd(p, r * r, r) + TLanes.Broadcast(1f);
        return p * TLanes.PowerOfTwo(n);
    }

    /// <summary>Adds <see cref="SumLanes"/> partial sums as a tree. Overwrites them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float SumTree(float* lanes)
    {
        for (int width = SumLanes / 2; width > 0; width /= 2)
        {
            for (int i = 0; i < width; i++)
            {
                lanes[i] += lanes[i + width];
            }
        }

        return lanes[0];
    }
}
