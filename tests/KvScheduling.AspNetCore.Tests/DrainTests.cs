using System.Net;

namespace KvScheduling.AspNetCore.Tests;

public sealed class DrainTests
{
    [Fact]
    public async Task StopAsync_WhileAnAnswerIsWritten_ItEndsAndNewCallersGet503()
    {
        await using EngineServer server = await EngineServer.StartAsync(static _ => { });
        // An engine that is held in the middle of the answer leaves time to ask while the scheduler drains.
        using StepGate gate = new(freeSteps: 8);
        server.Engine.BeforeStep = gate.Pass;
        using HttpResponseMessage running = await server.Http.SendAsync(
            TestServer.Post("""{"stream":true,"messages":[{"role":"user","content":"Count from 1 to 30."}]}"""), HttpCompletionOption.ResponseHeadersRead);
        await gate.Held.WaitAsync(TestServer.Patience);

        Task stopped = server.StopAsync();
        using HttpResponseMessage late = await AskLateAsync(server);
        Assert.False(stopped.IsCompleted);
        gate.Open();
        await stopped.WaitAsync(TestServer.Patience);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, late.StatusCode);
        Assert.Equal("shutting_down", (await late.JsonAsync()).At("error", "code").GetString());
        Assert.NotNull(late.Headers.RetryAfter);
        string body = await running.Content.ReadAsStringAsync();
        Assert.Contains("[DONE]", body, StringComparison.Ordinal);
    }

    /// <summary>Asks once the door is closed; before, the request would be taken and wait for the step that waits for it.</summary>
    private static async Task<HttpResponseMessage> AskLateAsync(EngineServer server)
    {
        await Assert.ThrowsAsync<SchedulingRejectedException>(async () =>
        {
            while (true)
            {
                server.Scheduler.Reserve().Dispose();
                await Task.Yield();
            }
        }).WaitAsync(TestServer.Patience);
        return await server.PostAsync("""{"messages":[{"role":"user","content":"Hi"}]}""");
    }
}
