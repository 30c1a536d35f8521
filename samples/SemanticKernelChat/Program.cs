using KvScheduling.Samples.SemanticKernelChat;

string model = Path.Combine(AppContext.BaseDirectory, "models", "tiny-chat");
await ThreeConversations.RunAsync(model, Console.Out);
