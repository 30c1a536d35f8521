using System.Text.Json.Nodes;
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
        string[] bodies = CreateBurst();
        string[] solo = await RunSoloAsync(bodies);
        await using ManagedServer server = await ManagedServer.StartAsync(options =>
        {
            options.KvBudgetTokens = Budget;
            options.Reservation = reservation;
            options.PrefixScope = PrefixScope.None;
            options.MaxParkedSequences = 0;
        });
        Watch(server, out Func<(long Used, long Waiting)> peaks);

        string[] burst = await Task.WhenAll(bodies.Select(body => AskAsync(server, body)));

        Assert.Equal(solo, burst);
        Assert.InRange(peaks().Used, 1, Budget);
        // Nothing is shared here, so the recount beside the ledger is exact.
        Assert.InRange(server.Engine.PeakKvTokens, 1, Budget);
        Assert.True(peaks().Waiting > 0, "The burst was to be larger than the budget.");
        Assert.Equal(Requests, server.Scheduler.GetSnapshot().CompletedRequests);
    }

    [Fact]
    public async Task Post_BurstWithSharing_EqualsSoloRunsWithinTheBudget()
    {
        string[] bodies = CreateBurst();
        string[] solo = await RunSoloAsync(bodies);
        await using ManagedServer server = await ManagedServer.StartAsync(static options => options.KvBudgetTokens = Budget);
        Watch(server, out Func<(long Used, long Waiting)> peaks);

        string[] first = await Task.WhenAll(bodies.Select(body => AskAsync(server, body)));
        string[] second = await Task.WhenAll(bodies.Select(body => AskAsync(server, body)));

        Assert.Equal(solo, first);
        Assert.Equal(solo, second);
        Assert.InRange(peaks().Used, 1, Budget);
        Assert.Equal(2 * Requests, server.Scheduler.GetSnapshot().CompletedRequests);
        Assert.True(server.Scheduler.GetSnapshot().CachedTokens > 0, "The second burst was to find prompts of the first.");
    }

    [Fact]
    public async Task Post_Question_IsAnswered()
    {
        await using ManagedServer server = await ManagedServer.StartAsync(static _ => { });
        using HttpResponseMessage response = await server.PostAsync("""{"model":"tiny-chat","messages":[{"role":"user","content":"What is 15 + 62?"}]}""");

        Assert.Equal("15 + 62 = 77.", (await response.JsonAsync()).At("choices", 0, "message", "content").GetString());
    }

    /// <summary>Short and long, greedy and sampled with a seed, streamed and whole, with several priorities.</summary>
    private static string[] CreateBurst()
    {
        Random random = new(64);
        DemoPrompts prompts = DemoPrompts.For("tiny-chat");
        return [.. Enumerable.Range(0, Requests).Select(index =>
        {
            DemoPrompt prompt = prompts.Next(random);
            JsonObject body = new()
            {
                ["model"] = "tiny-chat",
                ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = prompt.Text }),
                ["max_tokens"] = prompt.MaxOutputTokens,
                ["priority"] = index % 3,
                ["stream"] = index % 2 == 0,
            };
            if (index % 2 == 0)
            {
                body["stream_options"] = new JsonObject { ["include_usage"] = true };
            }

            if (index % 4 == 3)
            {
                body["temperature"] = 0.8;
                body["seed"] = index;
            }

            return body.ToJsonString();
        })];
    }

    private static async Task<string[]> RunSoloAsync(string[] bodies)
    {
        await using ManagedServer server = await ManagedServer.StartAsync(static options =>
        {
            options.PrefixScope = PrefixScope.None;
            options.MaxParkedSequences = 0;
        });
        List<string> answers = [];
        foreach (string body in bodies)
        {
            answers.Add(await AskAsync(server, body));
        }

        Assert.Equal(1, server.Engine.PeakSequences);
        return [.. answers];
    }

    private static async Task<string> AskAsync(ManagedServer server, string body)
    {
        using HttpResponseMessage response = await server.PostAsync(body);
        string text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        Answer answer = response.Content.Headers.ContentType!.MediaType == "text/event-stream" ? Answer.FromStream(text) : Answer.FromJson(Wire.Json(text));
        return $"{answer.PromptTokens} {answer.OutputTokens} {answer.FinishReason}: {answer.Text}";
    }

    /// <summary>Reads the published state before every step, which is the state after every step but the last.</summary>
    private static void Watch(ManagedServer server, out Func<(long Used, long Waiting)> peaks)
    {
        long used = 0;
        long waiting = 0;
        server.Engine.BeforeStep = () =>
        {
            SchedulerSnapshot state = server.Scheduler.GetSnapshot();
            used = Math.Max(used, state.KvUsedTokens);
            waiting = Math.Max(waiting, state.WaitingRequests);
        };
        peaks = () => (Math.Max(used, server.Scheduler.GetSnapshot().KvUsedTokens), waiting);
    }
}
