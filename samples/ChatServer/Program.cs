using KvScheduling.Samples.ChatServer;

return await ChatServerCommand.RunAsync(args, Console.Out, Console.Error);
