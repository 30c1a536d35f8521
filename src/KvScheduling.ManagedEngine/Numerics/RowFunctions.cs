using System.Runtime.CompilerServices;

namespace KvScheduling.ManagedEngine;

/// <summary>What a transformer does to one row beside matrix products. Lengths are multiples of 16 unless said otherwise.</summary>
internal static unsafe class RowFunctions<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    /// <summary>y = x / √(mean of x² + epsilon) · weight (Zhang and Sennrich, "Root Mean Square Layer Normalization", 2019). x and y may be the same.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void RmsNorm(float* x, float* weight, float* y, int count, float epsilon)
    {
        float* sums = stackalloc float[VectorMath<TLanes>.SumLanes];
        for (int j = 0; j < VectorMath<TLanes>.SumLanes; j += TLanes.Count)
        {
            TLanes sum = TLanes.Zero;
            for (int i = j; i < count; i += VectorMath<TLanes>.SumLanes)
            {
                TLanes value = TLanes.Load(x + i);
                sum = TLanes.MultiplyAdd(value, value, sum);
            }

            TLanes.Store(sum, sums + j);
        }

        TLanes inverse = TLanes.Broadcast(1f / MathF.Sqrt((VectorMath<TLanes>.SumTree(sums) / count) + epsilon));
        for (int i = 0; i < count; i += TLanes.Count)
        {
            TLanes.Store(TLanes.Load(x + i) * inverse * TLanes.Load(weight + i), y + i);
        }
    }

    /// <summary>Turns scores into exp(score - greatest score), in place, and returns their sum.</summary>
    /// <param name="scores">Room for <paramref name="end"/> rounded up to 16.</param>
    /// <param name="length">How many scores count, any number from 1. What lies behind may be anything and becomes 0.</param>
    /// <param name="end">How far zeros are needed.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Softmax(float* scores, int length, int end)
    {
        const int Lanes = VectorMath<TLanes>.SumLanes;
        int padded = (length + Lanes - 1) / Lanes * Lanes;
        new Span<float>(scores + length, padded - length).Fill(float.NegativeInfinity);

        float* lanes = stackalloc float[Lanes];
        float max = float.NegativeInfinity;
        TLanes greatest = TLanes.Broadcast(max);
        for (int i = 0; i < padded; i += TLanes.Count)
        {
            greatest = TLanes.AtLeast(greatest, TLanes.Load(scores + i));
        }

        TLanes.Store(greatest, lanes);
        for (int i = 0; i < TLanes.Count; i++)
        {
            max = MathF.Max(max, lanes[i]);
        }

        TLanes offset = TLanes.Broadcast(-max);
        for (int i = 0; i < padded; i += TLanes.Count)
        {
            TLanes.Store(VectorMath<TLanes>.Exp(TLanes.Load(scores + i) + offset), scores + i);
        }

        // The exponential is clamped, so lanes behind the length are not zero yet.
        int cleared = (Math.Max(end, length) + Lanes - 1) / Lanes * Lanes;
        new Span<float>(scores + length, cleared - length).Clear();
        for (int j = 0; j < Lanes; j += TLanes.Count)
        {
            TLanes sum = TLanes.Zero;
            for (int i = j; i < padded; i += Lanes)
            {
                sum += TLanes.Load(scores + i);
            }

            TLanes.Store(sum, lanes + j);
        }

        return VectorMath<TLanes>.SumTree(lanes);
    }

    /// <summary>y = gate / (1 + exp(-gate)) · up (Shazeer, "GLU Variants Improve Transformer", 2020). The count is a multiple of the width.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SwiGlu(float* gate, float* up, float* y, int count)
    {
        for (int i = 0; i < count; i += TLanes.Count)
        {
            TLanes g = TLanes.Load(gate + i);
            TLanes denominator = TLanes.Broadcast(1f) + VectorMath<TLanes>.Exp(g * TLanes.Broadcast(-1f));
            TLanes.Store(g / denominator * TLanes.Load(up + i), y + i);
        }
    }

    /// <summary>Rotates element i with element i + half, in place (Su et al., "RoFormer", 2021, in the half-rotated order of Llama).</summary>
    /// <param name="x">A head of 2 · half floats.</param>
    /// <param name="cosines">The position's cosines, half of them.</param>
    /// <param name="sines">The position's sines.</param>
    /// <param name="half">A multiple of the width.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rotate(float* x, float* cosines, float* sines, int half)
    {
        TLanes minusOne = TLanes.Broadcast(-1f);
        for (int i = 0; i < half; i += TLanes.Count)
        {
            TLanes a = TLanes.Load(x + i);
            TLanes b = TLanes.Load(x + i + half);
            TLanes cos = TLanes.Load(cosines + i);
            TLanes sin = TLanes.Load(sines + i);
            TLanes.Store(TLanes.MultiplyAdd(b * minusOne, sin, a * cos), x + i);
            TLanes.Store(TLanes.MultiplyAdd(a, sin, b * cos), x + i + half);
        }
    }

    /// <summary>y = x · factor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scale(float* x, float factor, float* y, int count)
    {
        TLanes f = TLanes.Broadcast(factor);
        for (int i = 0; i < count; i += TLanes.Count)
        {
            TLanes.Store(TLanes.Load(x + i) * f, y + i);
        }
    }

    /// <summary>y = y + x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(float* x, float* y, int count)
    {
        for (int i = 0; i < count; i += TLanes.Count)
        {
            TLanes.Store(TLanes.Load(y + i) + TLanes.Load(x + i), y + i);
        }
    }
}
