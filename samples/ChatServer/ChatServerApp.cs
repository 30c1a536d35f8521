using KvScheduling.AspNetCore;
using Microsoft.Extensions.AI;

namespace KvScheduling.Samples.ChatServer;

/// <summary>The web application.</summary>
internal static class ChatServerApp
{
    public static WebApplication Build(ChatServerSettings settings, EngineChoice engine)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls(settings.Urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.ConfigureHttpJsonOptions(static json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, ChatServerJson.Default));

        IKvSchedulingBuilder scheduling = builder.Services.AddKvScheduling(options =>
        {
            options.KvBudgetTokens = engine.KvBudgetTokens;
            options.Policy = settings.Policy;
        });
        engine.AddTo(scheduling);
        builder.Services.AddHealthChecks().AddKvScheduling();

        WebApplication app = builder.Build();
        app.MapKvSchedulingOpenAI(configure: static options => options.IncludeSchedulingReport = true);
        app.MapKvSchedulingState();
        app.MapHealthChecks("/health");
        app.MapGet("/", Page.WriteAsync);
        app.MapGet("/info", (IKvScheduler scheduler) => ServerInfo.Create(scheduler, engine));
        app.MapPost("/burst", BurstEndpoint.Run);
        return app;
    }
}
