using KvScheduling;
using KvScheduling.ManagedEngine;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

var services = new ServiceCollection();
services.AddKvScheduling().AddManagedEngine(args[0]);
#if SEMANTIC_KERNEL
KvScheduling.SemanticKernel.KvSchedulingChatCompletionServiceCollectionExtensions.AddKvSchedulingChatCompletion(services);
#endif
await using ServiceProvider provider = services.BuildServiceProvider();
ChatResponse response = await provider.GetRequiredService<IChatClient>().GetResponseAsync("What is 15 + 62?");
Console.WriteLine(response.Text);
#if SEMANTIC_KERNEL
var service = provider.GetRequiredService<Microsoft.SemanticKernel.ChatCompletion.IChatCompletionService>();
var history = new Microsoft.SemanticKernel.ChatCompletion.ChatHistory();
history.AddUserMessage("What is the capital of Greece?");
Console.WriteLine((await service.GetChatMessageContentsAsync(history))[0].Content);
#endif

// The endpoints' package brings ASP.NET Core with it.
Console.WriteLine(typeof(WebApplication).Name);
