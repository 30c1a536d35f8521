using KvScheduling.ManagedEngine;
using KvScheduling.ManagedEngine.Bench;

// Prints what the managed engine reaches on this machine, next to what the machine can do.
// dotnet run -c Release --project bench/KvScheduling.ManagedEngine.Bench -- [--model FOLDER] [--weights FORMAT,...] [--threads N] [--bits 128|256|512] [--seconds S]
// dotnet run -c Release --project bench/KvScheduling.ManagedEngine.Bench -- --cost scheduler [--model FOLDER]
BenchArguments? arguments = BenchArguments.Parse(args, Console.Error);
if (arguments is null)
{
    return 1;
}

if (arguments.SchedulerCost)
{
    await SchedulerCost.PrintAsync(arguments);
    return 0;
}

using MachineRoofs roofs = MachineRoofs.Measure(arguments.Threads);
Console.WriteLine($"machine   {Environment.ProcessorCount} processors, {arguments.Threads} threads used, vectors of {Math.Min(arguments.VectorBits, MachineRoofs.VectorBits)} bits");
Console.WriteLine($"read      {roofs.ReadOne:F1} GB/s with 1 thread, {roofs.ReadAll:F1} with all");
Console.WriteLine($"FMA       {roofs.FlopsOne:F0} GFLOP/s with 1 thread, {roofs.FlopsAll:F0} with all");
Console.WriteLine($"model     {Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(arguments.ModelFolder)))}");
Console.WriteLine();
Console.WriteLine("Generated tokens/s by requests decoding at once (context about 200 tokens), and prefill tokens/s of 512 tokens in one step.");
Console.WriteLine("read %: weights read per second as a share of the read bandwidth. FMA %: multiply-adds of the matrix products as a share of the peak.");
Console.WriteLine();
Console.WriteLine("weights      MiB |       1   read % |       8   FMA % |      32   FMA % | prefill   FMA %");
foreach (WeightFormat format in arguments.Formats)
{
    using EngineBench bench = new(arguments, format);
    double one = bench.DecodeTokensPerSecond(1);
    double eight = bench.DecodeTokensPerSecond(8);
    double many = bench.DecodeTokensPerSecond(32);
    double prefill = bench.PrefillTokensPerSecond(512);
    string Share(double tokensPerSecond, double flopsPerToken) => $"{100 * tokensPerSecond * flopsPerToken / (roofs.FlopsAll * 1e9),5:F0} %";
    Console.WriteLine(
        $"{format,-9} {bench.WeightBytes / 1048576.0,6:F1} | {one,7:F0} {100 * one * bench.WeightBytes / (roofs.ReadAll * 1e9),6:F0} % "
        + $"| {eight,7:F0} {Share(eight, bench.FlopsPerToken)} | {many,7:F0} {Share(many, bench.FlopsPerToken)} | {prefill,7:F0} {Share(prefill, bench.FlopsPerPrefillToken)}");
}

return 0;
