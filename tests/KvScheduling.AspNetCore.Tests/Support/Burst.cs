using System.Text.Json.Nodes;
using KvScheduling.Samples.ChatServer;

namespace KvScheduling.AspNetCore.Tests;

/// <summary>Mixed chat requests over HTTP.</summary>
internal static class Burst
{
    /// <summary>Short and long, greedy and sampled with a seed, streamed and whole, with several priorities.</summary>
    public static string[] Create(DemoPrompts prompts, string model, int requests, int mostOutputTokens = int.MaxValue, int mostCharacters = int.MaxValue)
    {
        Random random = new(64);
        return [.. Enumerable.Range(0, requests).Select(index =>
        {
            DemoPrompt prompt = prompts.Next(random);
            while (prompt.Text.Length > mostCharacters)
            {
                prompt = prompts.Next(random);
            }

            JsonObject body = new()
            {
                ["model"] = model,
                ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = prompt.Text }),
                ["max_tokens"] = Math.Min(prompt.MaxOutputTokens, mostOutputTokens),
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

    public static async Task<string[]> RunSoloAsync(string[] bodies, Func<IInferenceEngine>? createEngine = null)
    {
        await using EngineServer server = await EngineServer.StartAsync(static options =>
        {
            options.PrefixScope = PrefixScope.None;
            options.MaxParkedSequences = 0;
        }, createEngine);
        List<string> answers = [];
        foreach (string body in bodies)
        {
            answers.Add(await AskAsync(server, body));
        }

        Assert.Equal(1, server.Engine.PeakSequences);
        return [.. answers];
    }

    public static async Task<string> AskAsync(EngineServer server, string body)
    {
        using HttpResponseMessage response = await server.PostAsync(body);
        string text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        Answer answer = response.Content.Headers.ContentType!.MediaType == "text/event-stream" ? Answer.FromStream(text) : Answer.FromJson(Wire.Json(text));
        return $"{answer.PromptTokens} {answer.OutputTokens} {answer.FinishReason}: {answer.Text}";
    }

    /// <summary>Holds the engine until so many requests are in the line, and reads the published state before every step, which is the state after every step but the last.</summary>
    public static void Watch(EngineServer server, int requests, out Func<(long Used, long Waiting)> peaks)
    {
        long used = 0;
        long waiting = 0;
        server.Arrivals.Expect(requests);
        server.Engine.BeforeStep = () =>
        {
            server.Arrivals.Pass();
            SchedulerSnapshot state = server.Scheduler.GetSnapshot();
            used = Math.Max(used, state.KvUsedTokens);
            waiting = Math.Max(waiting, state.WaitingRequests);
        };
        peaks = () => (Math.Max(used, server.Scheduler.GetSnapshot().KvUsedTokens), waiting);
    }
}
