using System.Globalization;

namespace KvScheduling.Samples.ChatServer;

/// <summary>What the server prints when it is ready, and when it stops.</summary>
internal static class StartupText
{
    public static async Task WriteAsync(TextWriter output, WebApplication app, EngineChoice engine)
    {
        IKvScheduler scheduler = app.Services.GetRequiredService<IKvScheduler>();
        EngineDescription description = scheduler.Engine;
        SchedulerSnapshot state = scheduler.GetSnapshot();
        string address = app.Urls.First();
        string from = engine.ModelFolder is null ? string.Empty : $" from {engine.ModelFolder}";
        string body = $$"""{"model":"{{description.ModelId}}","stream":true,"messages":[{"role":"user","content":"What is 15 + 62?"}]}""";
        string text = string.Create(CultureInfo.InvariantCulture, $$"""

              engine  {{engine.Name}}: {{engine.Reason}}
              model   {{description.ModelId}}{{from}}, context {{description.MaxContextTokens:N0}} tokens
              KV      {{state.KvBudgetTokens:N0}} tokens, in blocks of {{description.BlockTokens}}
              policy  {{state.Policy}}

              Open {{address}} to chat and to watch the line, or:

              curl -N {{address}}/v1/chat/completions -H "Content-Type: application/json" -d '{{body}}'

              Ctrl-C lets running answers finish, then stops.

            """);
        await output.WriteLineAsync(text);
        app.Lifetime.ApplicationStopping.Register(() =>
        {
            SchedulerSnapshot last = scheduler.GetSnapshot();
            output.WriteLine($"Stopping: {last.RunningRequests} running and {last.WaitingRequests} waiting requests may finish.");
        });
    }
}
