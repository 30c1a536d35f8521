using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace KvScheduling.ManagedEngine.Tests;

public sealed class RowFunctionTests
{
    [Fact]
    public void Exp_Range_IsWithinTwoUnitsInTheLastPlace() => Widths.ForEach(new ExpAccuracy());

    [Fact]
    public void Exp_BeyondTheRangeAndNaN_ClampsAndPropagates() => Widths.ForEach(new ExpSpecials());

    [Fact]
    public void EveryFunction_EveryWidth_GivesTheSameBits()
    {
        BitCollector collector = new();
        Widths.ForEach(collector);
        Assert.Equal(Widths.Supported.Count, collector.Fingerprints.Count);
        Assert.Single(collector.Fingerprints.Distinct());
    }

    [Fact]
    public void Softmax_GarbageBehindTheLength_DoesNotCount() => Widths.ForEach(new SoftmaxCheck());

    [Fact]
    public void RmsNorm_Row_MatchesTheFormula() => Widths.ForEach(new NormCheck());

    [Fact]
    public void Rotate_Head_TurnsPairsByTheAngle() => Widths.ForEach(new RotateCheck());

    [Fact]
    public void SwiGlu_Row_MatchesTheFormula() => Widths.ForEach(new SwiGluCheck());

    private static unsafe float[] Exp<TLanes>(float[] values)
        where TLanes : struct, ILanes<TLanes>
    {
        float[] result = (float[])values.Clone();
        fixed (float* p = result)
        {
            for (int i = 0; i < result.Length; i += TLanes.Count)
            {
                TLanes.Store(VectorMath<TLanes>.Exp(TLanes.Load(p + i)), p + i);
            }
        }

        return result;
    }

    private sealed class ExpAccuracy : IWidthCheck
    {
        public void Run<TLanes>()
            where TLanes : struct, ILanes<TLanes>
        {
            float[] values = Enumerable.Range(0, 160_000).Select(i => -86.9f + (i * 0.00109f)).ToArray();
            float[] results = Exp<TLanes>(values);
            for (int i = 0; i < values.Length; i++)
            {
                double exact = Math.Exp(values[i]);
                double unit = MathF.BitIncrement((float)exact) - (float)exact;
                Assert.InRange((results[i] - exact) / unit, -2, 2);
            }
        }
    }

    private sealed class ExpSpecials : IWidthCheck
    {
        public void Run<TLanes>()
            where TLanes : struct, ILanes<TLanes>
        {
            float[] values = new float[16];
            new[] { float.NaN, float.NegativeInfinity, -1000, float.PositiveInfinity, 1000, 0 }.CopyTo(values, 0);
            float[] results = Exp<TLanes>(values);
            Assert.True(float.IsNaN(results[0]));
            Assert.InRange(results[1], 0, 2e-38f);
            Assert.Equal(results[1], results[2]);
            Assert.InRange(results[3], 1e38f, float.MaxValue);
            Assert.Equal(results[3], results[4]);
            Assert.Equal(1f, results[5]);
        }
    }

    private sealed class BitCollector : IWidthCheck
    {
        public List<string> Fingerprints { get; } = [];

        public unsafe void Run<TLanes>()
            where TLanes : struct, ILanes<TLanes>
        {
            using NativeArena arena = new();
            float[] random = FakeWeights.RandomRows(1, 4096, seed: 11, size: 6)[0];
            float* x = arena.Copy(random, "test");
            float* y = arena.Copy(random.Reverse().ToArray(), "test");
            float* z = arena.Floats(4096, "test");
            List<float> results = [.. Exp<TLanes>(random)];
            RowFunctions<TLanes>.RmsNorm(x, y, z, 4096, 1e-5f);
            results.AddRange(new Span<float>(z, 4096));
            RowFunctions<TLanes>.SwiGlu(x, y, z, 4096);
            results.AddRange(new Span<float>(z, 4096));
            RowFunctions<TLanes>.Scale(x, 0.37f, z, 4096);
            RowFunctions<TLanes>.Add(y, z, 4096);
            RowFunctions<TLanes>.Rotate(z, x, y, 2048);
            results.AddRange(new Span<float>(z, 4096));
            foreach (int length in new[] { 1, 15, 16, 17, 100, 4001 })
            {
                random.CopyTo(new Span<float>(x, 4096));
                results.Add(RowFunctions<TLanes>.Softmax(x, length, length));
                results.AddRange(new Span<float>(x, length));
            }

            Fingerprints.Add(Convert.ToHexString(SHA256.HashData(MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(results)))));
        }
    }

    private sealed class SoftmaxCheck : IWidthCheck
    {
        public unsafe void Run<TLanes>()
            where TLanes : struct, ILanes<TLanes>
        {
            using NativeArena arena = new();
            float* scores = arena.Floats(64, "test");
            for (int length = 1; length <= 33; length++)
            {
                for (int i = 0; i < 64; i++)
                {
                    scores[i] = i < length ? i * 0.1f : float.NaN;
                }

                float sum = RowFunctions<TLanes>.Softmax(scores, length, end: 40);
                double expected = Enumerable.Range(0, length).Sum(i => Math.Exp((i - (length - 1)) * 0.1));
                Assert.Equal(expected, sum, 1e-5 * expected);
                Assert.Equal(1f, scores[length - 1]);
                Assert.All(new Span<float>(scores + length, 40 - length).ToArray(), p => Assert.Equal(0f, p));
            }
        }
    }

    private sealed class NormCheck : IWidthCheck
    {
        public unsafe void Run<TLanes>()
            where TLanes : struct, ILanes<TLanes>
        {
            using NativeArena arena = new();
            float[] values = FakeWeights.RandomRows(1, 192, seed: 12)[0];
            float[] weights = FakeWeights.RandomRows(1, 192, seed: 13)[0];
            float* y = arena.Floats(192, "test");
            RowFunctions<TLanes>.RmsNorm(arena.Copy(values, "test"), arena.Copy(weights, "test"), y, 192, 1e-5f);
            double rms = Math.Sqrt((values.Sum(v => (double)v * v) / 192) + 1e-5);
            for (int i = 0; i < 192; i++)
            {
                Assert.Equal(values[i] / rms * weights[i], y[i], 1e-6);
            }
        }
    }

    private sealed class RotateCheck : IWidthCheck
    {
        public unsafe void Run<TLanes>()
            where TLanes : struct, ILanes<TLanes>
        {
            using NativeArena arena = new();
            float[] values = FakeWeights.RandomRows(1, 32, seed: 14)[0];
            float[] angles = FakeWeights.RandomRows(1, 16, seed: 15, size: 3)[0];
            float* x = arena.Copy(values, "test");
            RowFunctions<TLanes>.Rotate(x, arena.Copy(angles.Select(MathF.Cos).ToArray(), "test"), arena.Copy(angles.Select(MathF.Sin).ToArray(), "test"), 16);
            for (int i = 0; i < 16; i++)
            {
                Assert.Equal((values[i] * Math.Cos(angles[i])) - (values[i + 16] * Math.Sin(angles[i])), x[i], 1e-6);
                Assert.Equal((values[i + 16] * Math.Cos(angles[i])) + (values[i] * Math.Sin(angles[i])), x[i + 16], 1e-6);
            }
        }
    }

    private sealed class SwiGluCheck : IWidthCheck
    {
        public unsafe void Run<TLanes>()
            where TLanes : struct, ILanes<TLanes>
        {
            using NativeArena arena = new();
            float[] gate = FakeWeights.RandomRows(1, 64, seed: 16, size: 20)[0];
            float[] up = FakeWeights.RandomRows(1, 64, seed: 17)[0];
            float* y = arena.Floats(64, "test");
            RowFunctions<TLanes>.SwiGlu(arena.Copy(gate, "test"), arena.Copy(up, "test"), y, 64);
            for (int i = 0; i < 64; i++)
            {
                Assert.Equal(gate[i] / (1 + Math.Exp(-gate[i])) * up[i], y[i], 1e-5);
            }
        }
    }
}
