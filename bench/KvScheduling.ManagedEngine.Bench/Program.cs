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

using MachineRoofs roofs = new(arguments.Threads);
List<EngineFigures> figures = [];
foreach (WeightFormat format in arguments.Formats)
{
    using EngineBench bench = new(arguments, format);
    figures.Add(new EngineFigures(format, bench));
    roofs.Sample();
}

EngineFigures.Print(figures, roofs, arguments);
return 0;
