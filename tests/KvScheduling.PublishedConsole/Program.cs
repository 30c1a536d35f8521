using KvScheduling;
using KvScheduling.ManagedEngine;
using Microsoft.Extensions.AI;

// The smallest console program there is: published as one file, and ahead of time where it can be, and then run by a test.
await using KvSchedulerHost host = await KvSchedulerHost.StartAsync(() => ManagedEngine.Load(args[0]));
ChatResponse answer = await host.ChatClient.GetResponseAsync("What is 15 + 62?");
Console.WriteLine(answer.Text);
