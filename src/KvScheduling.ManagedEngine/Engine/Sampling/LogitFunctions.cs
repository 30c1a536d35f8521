using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace KvScheduling.ManagedEngine;

/// <summary>Passes over a whole row of logits.</summary>
internal static unsafe class LogitFunctions<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    /// <summary>Tokens whose weights are summed as one block.</summary>
    public const int BlockSize = 256;

    /// <summary>The greatest logit. False when one is not a finite number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool TryMax(ReadOnlySpan<float> logits, out float max)
    {
        float* lanes = stackalloc float[2 * VectorMath<TLanes>.SumLanes];
        float check = 0;
        max = float.NegativeInfinity;
        int whole = logits.Length / TLanes.Count * TLanes.Count;
        fixed (float* x = logits)
        {
            TLanes greatest = TLanes.Broadcast(max);
            TLanes zero = TLanes.Zero;
            TLanes checks = zero;
            for (int i = 0; i < whole; i += TLanes.Count)
            {
                TLanes value = TLanes.Load(x + i);
                greatest = TLanes.AtLeast(greatest, value);

                // 0 times anything but a finite number is NaN, and NaN stays.
                checks = TLanes.MultiplyAdd(value, zero, checks);
            }

            TLanes.Store(greatest, lanes);
            TLanes.Store(checks, lanes + TLanes.Count);
        }

        for (int i = 0; i < TLanes.Count; i++)
        {
            max = MathF.Max(max, lanes[i]);
            check += lanes[TLanes.Count + i];
        }

        for (int i = whole; i < logits.Length; i++)
        {
            max = MathF.Max(max, logits[i]);
            check += logits[i] * 0f;
        }

        return check == 0;
    }

    /// <summary>The first place of a value that is there.</summary>
    public static int IndexOf(ReadOnlySpan<float> logits, float value)
    {
        ReadOnlySpan<int> bits = MemoryMarshal.Cast<float, int>(logits);
        if (value != 0)
        {
            return bits.IndexOf(BitConverter.SingleToInt32Bits(value));
        }

        // Zero has two forms, and neither is greater.
        return bits.IndexOfAny(0, int.MinValue);
    }

    /// <summary>weights = exp((logits - max) / temperature), and their sum by blocks.</summary>
    /// <param name="logits">Finite numbers.</param>
    /// <param name="max">The greatest.</param>
    /// <param name="temperature">Above 0.</param>
    /// <param name="weights">Room for the count rounded up to <see cref="BlockSize"/>.</param>
    /// <param name="blockSums">One sum per block.</param>
    /// <returns>The sum of all, blocks in order.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Weigh(ReadOnlySpan<float> logits, float max, float temperature, Span<float> weights, Span<double> blockSums)
    {
        int count = logits.Length;
        logits.CopyTo(weights);
        int blocks = (count + BlockSize - 1) / BlockSize;
        float* lanes = stackalloc float[VectorMath<TLanes>.SumLanes];
        TLanes offset = TLanes.Broadcast(-max);
        TLanes divisor = TLanes.Broadcast(temperature);
        double total = 0;
        fixed (float* w = weights)
        {
            new Span<float>(w + count, (blocks * BlockSize) - count).Fill(max);
            for (int i = 0; i < blocks * BlockSize; i += TLanes.Count)
            {
                TLanes.Store(VectorMath<TLanes>.Exp((TLanes.Load(w + i) + offset) / divisor), w + i);
            }

            new Span<float>(w + count, (blocks * BlockSize) - count).Clear();
            for (int block = 0; block < blocks; block++)
            {
                float* start = w + (block * BlockSize);
                for (int j = 0; j < VectorMath<TLanes>.SumLanes; j += TLanes.Count)
                {
                    TLanes sum = TLanes.Zero;
                    for (int i = j; i < BlockSize; i += VectorMath<TLanes>.SumLanes)
                    {
                        sum += TLanes.Load(start + i);
                    }

                    TLanes.Store(sum, lanes + j);
                }

                blockSums[block] = VectorMath<TLanes>.SumTree(lanes);
                total += blockSums[block];
            }
        }

        return total;
    }
}
