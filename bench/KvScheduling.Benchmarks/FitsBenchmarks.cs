using BenchmarkDotNet.Attributes;

namespace KvScheduling.Benchmarks;

/// <summary>The forward-peak check beside residents of mixed lengths.</summary>
public class FitsBenchmarks
{
    private const int Demands = 64;
    private readonly KvDemand[] _demands = new KvDemand[Demands];
    private KvLedger _roomy = null!;
    private KvLedger _tight = null!;

    [Params(8, 64, 256, 1024)]
    public int Running { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _roomy = new KvLedger(CoreBench.AmpleKv, 16, lingering: false);
        Fill(_roomy);
        long peak = _roomy.PeakBlocks();

        // Just enough that the last blocks have to be counted exactly.
        _tight = new KvLedger((peak + 24) * 16, 16, lingering: false);
        Fill(_tight);
        Random random = new(2);
        for (int i = 0; i < Demands; i++)
        {
            _demands[i] = new KvDemand(random.Next(16, 1025), random.Next(8, 513));
        }
    }

    /// <summary>There is room for everything.</summary>
    [Benchmark(OperationsPerInvoke = Demands)]
    public int Roomy() => Count(_roomy);

    /// <summary>There is room for about 24 blocks beside the peak: most do not fit, and some only just do.</summary>
    [Benchmark(OperationsPerInvoke = Demands)]
    public int Tight() => Count(_tight);

    /// <summary>The same, and between two checks the residents change, so that nothing derived from them can be used twice.</summary>
    [Benchmark(OperationsPerInvoke = Demands)]
    public int TightAndChanging()
    {
        int fits = 0;
        foreach (ref readonly KvDemand demand in _demands.AsSpan())
        {
            _tight.SetRemaining(Running - 1, 100 + (fits & 1));
            fits += _tight.Fits(in demand) ? 1 : 0;
        }

        return fits;
    }

    private void Fill(KvLedger ledger)
    {
        Random random = new(1);
        for (int slot = 0; slot < Running; slot++)
        {
            ledger.Add(slot, new KvDemand(random.Next(16, 1025), random.Next(8, 513)));
        }
    }

    private int Count(KvLedger ledger)
    {
        int fits = 0;
        foreach (ref readonly KvDemand demand in _demands.AsSpan())
        {
            fits += ledger.Fits(in demand) ? 1 : 0;
        }

        return fits;
    }
}
