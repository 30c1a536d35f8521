using KvScheduling;
using KvScheduling.OnnxGenAI;
using Microsoft.Extensions.AI;

try
{
    using OnnxGenAIModel model = OnnxGenAIModel.Load(args[0]);
    await using KvSchedulerHost host = await KvSchedulerHost.StartAsync(model.CreateEngine);
    Console.WriteLine((await host.ChatClient.GetResponseAsync("What is 15 + 62?")).Text);
}
catch (OnnxGenAIException error)
{
    Console.WriteLine(error.Message);
}
