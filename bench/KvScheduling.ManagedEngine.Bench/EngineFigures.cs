namespace KvScheduling.ManagedEngine.Bench;

/// <summary>What one engine reached, and the table of it.</summary>
internal sealed class EngineFigures(WeightFormat format, EngineBench bench)
{
    private readonly double _one = bench.DecodeTokensPerSecond(1);
    private readonly double _eight = bench.DecodeTokensPerSecond(8);
    private readonly double _many = bench.DecodeTokensPerSecond(32);
    private readonly double _prefill = bench.PrefillTokensPerSecond(512);
    private readonly double _flopsPerToken = bench.FlopsPerToken;
    private readonly double _flopsPerPrefillToken = bench.FlopsPerPrefillToken;
    private readonly long _weightBytes = bench.WeightBytes;

    /// <summary>Prints after all is measured, because the roofs are the best of what was sampled in between.</summary>
    public static void Print(IEnumerable<EngineFigures> figures, MachineRoofs roofs, BenchArguments arguments)
    {
        Console.WriteLine($"machine   {Environment.ProcessorCount} processors, {arguments.Threads} threads used, vectors of {Math.Min(arguments.VectorBits, MachineRoofs.VectorBits)} bits");
        Console.WriteLine($"read      {roofs.ReadOne / 1e9:F1} GB/s with 1 thread, {roofs.ReadAll / 1e9:F1} with all");
        Console.WriteLine($"FMA       {roofs.FlopsOne / 1e9:F0} GFLOP/s with 1 thread, {roofs.FlopsAll / 1e9:F0} with all");
        Console.WriteLine($"model     {Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(arguments.ModelFolder)))}");
        Console.WriteLine();
        Console.WriteLine("Generated tokens/s by requests decoding at once (context about 200 tokens), and prefill tokens/s of 512 tokens in one step; best windows.");
        Console.WriteLine("read %: weights read per second as a share of the read bandwidth. FMA %: multiply-adds of the matrix products as a share of the peak.");
        Console.WriteLine();
        Console.WriteLine("weights      MiB |       1   read % |       8   FMA % |      32   FMA % | prefill   FMA %");
        foreach (EngineFigures f in figures)
        {
            Console.WriteLine(f.Row(roofs));
        }
    }

    private string Row(MachineRoofs roofs)
    {
        string Share(double tokensPerSecond, double flopsPerToken) => $"{100 * tokensPerSecond * flopsPerToken / roofs.FlopsAll,5:F0} %";
        return $"{format,-9} {_weightBytes / 1048576.0,6:F1} | {_one,7:F0} {100 * _one * _weightBytes / roofs.ReadAll,6:F0} % | {_eight,7:F0} {Share(_eight, _flopsPerToken)} "
            + $"| {_many,7:F0} {Share(_many, _flopsPerToken)} | {_prefill,7:F0} {Share(_prefill, _flopsPerPrefillToken)}";
    }
}
