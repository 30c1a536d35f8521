namespace KvScheduling.Samples.ChatServer;

/// <summary>What the page tells about the server.</summary>
internal sealed record ServerInfo(
    string Model, string? ModelFolder, string Engine, string EngineReason, string Policy, string Hint, IReadOnlyList<string> Examples)
{
    public static ServerInfo Create(IKvScheduler scheduler, EngineChoice engine)
    {
        string model = scheduler.Engine.ModelId;
        DemoPrompts prompts = DemoPrompts.For(model);
        return new ServerInfo(model, engine.ModelFolder, engine.Name, engine.Reason, scheduler.GetSnapshot().Policy, prompts.Hint, prompts.Examples);
    }
}
