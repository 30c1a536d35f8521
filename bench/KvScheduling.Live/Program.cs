using System.CommandLine;
using KvScheduling.Live;

// Policies and the simulator against a real engine in real time.
// dotnet run -c Release --project bench/KvScheduling.Live -- policies [--rounds N] [--policies P,P,…]
// dotnet run -c Release --project bench/KvScheduling.Live -- truth [--onnx FOLDER --native FOLDER]
var root = new RootCommand("Runs policies on a real engine in real time, and compares the simulator with it.");
root.Subcommands.Add(PoliciesCommand.Create());
root.Subcommands.Add(TruthCommand.Create());
return await root.Parse(args).InvokeAsync();
