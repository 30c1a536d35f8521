using KvScheduling.Samples.BacklogDrain;

return await DrainCommand.RunAsync(args, Console.Out, Console.Error, isInteractive: !Console.IsOutputRedirected);
