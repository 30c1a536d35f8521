using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.AI;

namespace KvScheduling.Samples.ChatServer;

/// <summary>POST /burst: many callers at once, in this process, because a browser opens no more than six connections to a server.</summary>
internal static class BurstEndpoint
{
    private const int MaxCount = 512;

    public static Results<ServerSentEventsResult<BurstEvent>, BadRequest<string>> Run(
        BurstRequest request, IChatClient chat, IKvScheduler scheduler, TimeProvider time, CancellationToken cancellationToken)
    {
        if (request.Count is < 1 or > MaxCount)
        {
            return TypedResults.BadRequest($"'count' must be from 1 to {MaxCount}, but is {request.Count}.");
        }

        Random random = request.Seed is int seed ? new Random(seed) : new Random();
        DemoPrompts prompts = DemoPrompts.For(scheduler.Engine.ModelId);
        DemoPrompt[] burst = [.. Enumerable.Range(0, request.Count).Select(_ => prompts.Next(random))];
        return TypedResults.ServerSentEvents(new BurstRun(chat, time, burst).RunAsync(cancellationToken));
    }
}
