using KvScheduling.Samples.BatchScoring;

return await ScoringCommand.RunAsync(args, Console.Out, Console.Error);
