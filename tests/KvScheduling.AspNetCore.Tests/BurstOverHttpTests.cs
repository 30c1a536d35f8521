using KvScheduling.Conformance;
using KvScheduling.Samples.ChatServer;

namespace KvScheduling.AspNetCore.Tests;

/// <summary>64 mixed chat requests at once against the same requests one by one.</summary>
public sealed class BurstOverHttpTests
{
    private const int Requests = 64;
    private const long Budget = 4096;

    [Theory]
    [InlineData(KvReservation.Predicted)]
    [InlineData(KvReservation.Guaranteed)]
    public async Task Post_BurstWithoutSharing_EqualsSoloRunsWithinTheBudget(KvReservation reservation)
    {
        string[] bodies = Burst.Create(DemoPrompts.For("tiny-chat"), "tiny-chat", Requests);
        string[] solo = await Burst.RunSoloAsync(bodies);
        await using EngineServer server = await EngineServer.StartAsync(options =>
        {
            options.KvBudgetTokens = Budget;
            options.Reservation = reservation;
            options.PrefixScope = PrefixScope.None;
            options.MaxParkedSequences = 0;
        });
        Burst.Watch(server, Requests, out Func<(long Used, long Waiting)> peaks);

        string[] burst = await Task.WhenAll(bodies.Select(body => Burst.AskAsync(server, body)));

        Assert.Equal(solo, burst);
        Assert.InRange(peaks().Used, 1, Budget);
        // Nothing is shared here, so the recount beside the ledger is exact.
        Assert.InRange(server.Engine.PeakKvTokens, 1, Budget);
        Assert.True(peaks().Waiting > 0, "The burst was to be larger than the budget.");
        Assert.Equal(Requests, (await Patient.SnapshotAsync(server.Scheduler, static state => state.CompletedRequests >= Requests)).CompletedRequests);
    }

    [Fact]
    public async Task Post_BurstWithSharing_EqualsSoloRunsWithinTheBudget()
    {
        string[] bodies = Burst.Create(DemoPrompts.For("tiny-chat"), "tiny-chat", Requests);
        string[] solo = await Burst.RunSoloAsync(bodies);
        await using EngineServer server = await EngineServer.StartAsync(static options => options.KvBudgetTokens = Budget);
        Burst.Watch(server, Requests, out Func<(long Used, long Waiting)> peaks);

        string[] first = await Task.WhenAll(bodies.Select(body => Burst.AskAsync(server, body)));
        string[] second = await Task.WhenAll(bodies.Select(body => Burst.AskAsync(server, body)));

        Assert.Equal(solo, first);
        Assert.Equal(solo, second);
        Assert.InRange(peaks().Used, 1, Budget);
        SchedulerSnapshot state = await Patient.SnapshotAsync(server.Scheduler, static state => state.CompletedRequests >= 2 * Requests);
        Assert.Equal(2 * Requests, state.CompletedRequests);
        Assert.True(state.CachedTokens > 0, "The second burst was to find prompts of the first.");
    }

    [Fact]
    public async Task Post_Question_IsAnswered()
    {
        await using EngineServer server = await EngineServer.StartAsync(static _ => { });
        using HttpResponseMessage response = await server.PostAsync("""{"model":"tiny-chat","messages":[{"role":"user","content":"What is 15 + 62?"}]}""");

        Assert.Equal("15 + 62 = 77.", (await response.JsonAsync()).At("choices", 0, "message", "content").GetString());
    }
}
