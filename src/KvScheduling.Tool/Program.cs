using KvScheduling.Tool;

using var console = new ToolConsole(Console.Out, Console.Error, isInteractive: !Console.IsErrorRedirected);
return await KvschedCommand.RunAsync(args, console).ConfigureAwait(false);
