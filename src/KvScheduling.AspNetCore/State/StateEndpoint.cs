using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace KvScheduling.AspNetCore;

/// <summary>GET /kv/state and GET /kv/state/stream.</summary>
internal sealed class StateEndpoint
{
    private static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(15);

    private readonly SchedulerResolver _resolver;
    private readonly TimeSpan _interval;
    private readonly TimeProvider _time;
    private readonly CancellationToken _stopping;

    public StateEndpoint(SchedulerResolver resolver, TimeSpan interval, TimeProvider time, CancellationToken stopping)
    {
        _resolver = resolver;
        _interval = interval;
        _time = time;
        _stopping = stopping;
    }

    public Task GetAsync(HttpContext context)
    {
        context.Response.Headers.CacheControl = "no-store";
        return JsonResponse.SendAsync(context.Response, _resolver.GetScheduler(context.RequestServices).GetSnapshot(), Write);
    }

    /// <summary>Sends a snapshot at once, then one whenever something changed since the last.</summary>
    public async Task StreamAsync(HttpContext context)
    {
        IKvScheduler scheduler = _resolver.GetScheduler(context.RequestServices);
        // A stream without end would hold a stopping server back.
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _stopping);
        ServerSentEventWriter events = new(context.Response, PingInterval, _time);
        await using (events.ConfigureAwait(false))
        {
            try
            {
                SchedulerSnapshot sent = scheduler.GetSnapshot();
                events.Write(sent, Write);
                while (await events.WaitAsync(WaitForChangeAsync(scheduler, sent, ended.Token), ended.Token).ConfigureAwait(false))
                {
                    sent = scheduler.GetSnapshot();
                    events.Write(sent, Write);
                }
            }
            catch (OperationCanceledException) when (ended.IsCancellationRequested)
            {
                // The page was closed, or the server stops.
            }
        }
    }

    private async ValueTask<bool> WaitForChangeAsync(IKvScheduler scheduler, SchedulerSnapshot sent, CancellationToken cancellationToken)
    {
        do
        {
            await Task.Delay(_interval, _time, cancellationToken).ConfigureAwait(false);
        }
        while (scheduler.GetSnapshot() == sent);

        return true;
    }

    private static void Write(Utf8JsonWriter json, SchedulerSnapshot snapshot) =>
        JsonSerializer.Serialize(json, snapshot, SnapshotJsonContext.Default.SchedulerSnapshot);
}
