using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace KvScheduling.ManagedEngine.Bench;

/// <summary>What the machine can do at best: bytes read per second from memory, multiply-adds per second in registers.</summary>
/// <remarks>
/// Many short samples, of which the best counts: whoever else uses the processor only ever slows one down. On a shared machine two threads can find themselves on one core
/// for seconds, so the samples are taken again between the measurements that they are held against (<see cref="Sample"/>).
/// </remarks>
internal sealed unsafe class MachineRoofs : IDisposable
{
    private const long ReadBytes = 512L << 20;
    private const int Pieces = 64;
    private const int FmaIterations = 10_000;
    private const int FmaSamples = 200;
    private const int ReadSamples = 6;
    private const int FmaChains = 12;

    private readonly NativeArena _arena = new();
    private readonly WorkerTeam _team;
    private readonly IPhasedWork _read;
    private readonly IPhasedWork _fma;

    public MachineRoofs(int threads)
    {
        _team = new WorkerTeam(threads);
        float* data = _arena.Floats(ReadBytes / sizeof(float), "bandwidth measurement");
        new Span<byte>(data, (int)ReadBytes).Fill(1);
        _read = Lanes16.IsSupported ? new ReadWork<Lanes16>(data) : Lanes8.IsSupported ? new ReadWork<Lanes8>(data) : new ReadWork<Lanes4>(data);
        _fma = Lanes16.IsSupported ? new FmaWork<Lanes16>() : Lanes8.IsSupported ? new FmaWork<Lanes8>() : new FmaWork<Lanes4>();
        Sample();
    }

    /// <summary>The most bytes per second, one thread.</summary>
    public double ReadOne { get; private set; }

    /// <summary>The most bytes per second, all threads.</summary>
    public double ReadAll { get; private set; }

    /// <summary>The most multiply-adds times two per second, one thread.</summary>
    public double FlopsOne { get; private set; }

    /// <summary>The most multiply-adds times two per second, all threads.</summary>
    public double FlopsAll { get; private set; }

    public static int VectorBits => Lanes16.IsSupported ? 512 : Lanes8.IsSupported ? 256 : 128;

    /// <summary>Measures again and keeps what is better than before. Takes about a second.</summary>
    public void Sample()
    {
        double flops = 2.0 * Pieces * FmaIterations * FmaChains * (VectorBits / 32);
        ReadOne = Math.Max(ReadOne, ReadBytes / Fastest(_read, 1, ReadSamples));
        ReadAll = Math.Max(ReadAll, ReadBytes / Fastest(_read, _team.Size, ReadSamples));
        FlopsOne = Math.Max(FlopsOne, flops / Fastest(_fma, 1, FmaSamples));
        FlopsAll = Math.Max(FlopsAll, flops / Fastest(_fma, _team.Size, FmaSamples));
    }

    public void Dispose()
    {
        _team.Dispose();
        _arena.Dispose();
    }

    private double Fastest(IPhasedWork work, int threads, int samples)
    {
        double best = double.PositiveInfinity;
        for (int i = 0; i < samples; i++)
        {
            long start = Stopwatch.GetTimestamp();
            _team.Run(work, threads);
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return best;
    }

    private sealed class ReadWork<TLanes>(float* data) : IPhasedWork
        where TLanes : struct, ILanes<TLanes>
    {
        private readonly float* _data = data;
        private float _sink;

        public int PhaseCount => 1;

        public int UnitsOf(int phase) => Pieces;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Execute(int phase, int first, int end, int thread)
        {
            nint piece = (nint)(ReadBytes / sizeof(float) / Pieces);
            float* p = _data + (first * piece);
            float* stop = _data + (end * piece);
            TLanes a = TLanes.Zero, b = a, c = a, d = a;
            for (; p < stop; p += 4 * TLanes.Count)
            {
                a += TLanes.Load(p);
                b += TLanes.Load(p + TLanes.Count);
                c += TLanes.Load(p + (2 * TLanes.Count));
                d += TLanes.Load(p + (3 * TLanes.Count));
            }

            float* sum = stackalloc float[16];
            TLanes.Store(a + b + c + d, sum);
            _sink = sum[0];
        }
    }

    private sealed class FmaWork<TLanes> : IPhasedWork
        where TLanes : struct, ILanes<TLanes>
    {
        private float _sink;

        public int PhaseCount => 1;

        public int UnitsOf(int phase) => Pieces;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Execute(int phase, int first, int end, int thread)
        {
            TLanes x = TLanes.Broadcast(0.999f), y = TLanes.Broadcast(0.001f);
            TLanes a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
            for (long n = (long)(end - first) * FmaIterations; n > 0; n--)
            {
                a = TLanes.MultiplyAdd(a, x, y);
                b = TLanes.MultiplyAdd(b, x, y);
                c = TLanes.MultiplyAdd(c, x, y);
                d = TLanes.MultiplyAdd(d, x, y);
                e = TLanes.MultiplyAdd(e, x, y);
                f = TLanes.MultiplyAdd(f, x, y);
                g = TLanes.MultiplyAdd(g, x, y);
                h = TLanes.MultiplyAdd(h, x, y);
                i = TLanes.MultiplyAdd(i, x, y);
                j = TLanes.MultiplyAdd(j, x, y);
                k = TLanes.MultiplyAdd(k, x, y);
                l = TLanes.MultiplyAdd(l, x, y);
            }

            float* sum = stackalloc float[16];
            TLanes.Store(a + b + c + d + e + f + g + h + i + j + k + l, sum);
            _sink = sum[0];
        }
    }
}
