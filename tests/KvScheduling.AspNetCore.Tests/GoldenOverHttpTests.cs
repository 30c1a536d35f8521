using System.Text.Json;
using System.Text.Json.Nodes;

namespace KvScheduling.AspNetCore.Tests;

/// <summary>The bundled model over HTTP: every golden conversation, all at once.</summary>
public sealed class GoldenOverHttpTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Post_AllGoldenCasesAtOnce_AnswersAreExact(bool stream)
    {
        await using EngineServer server = await EngineServer.StartAsync(static options => options.KvBudgetTokens = 16_384);
        IReadOnlyList<GoldenCase> cases = GoldenCase.LoadAll();
        Assert.Equal(86, cases.Count);
        server.Arrivals.Expect(cases.Count);
        server.Engine.BeforeStep = server.Arrivals.Pass;

        string[] differences = await Task.WhenAll(cases.Select(golden => CompareAsync(server, golden, stream)));

        Assert.Equal(string.Empty, string.Join('\n', differences.Where(static difference => difference.Length > 0)));
        Assert.True(server.Engine.PeakSequences > 8, "The cases were to run together.");
    }

    private static async Task<string> CompareAsync(EngineServer server, GoldenCase golden, bool stream)
    {
        using HttpResponseMessage response = await server.PostAsync(golden.ToBody(stream));
        string body = await response.Content.ReadAsStringAsync();
        if (!response.IsSuccessStatusCode)
        {
            return $"{golden.Id}: {body}";
        }

        Answer answer = stream ? Answer.FromStream(body) : Answer.FromJson(Wire.Json(body));
        string actual = answer.ToolCall is { } call ? Normalize($"{{\"name\": \"{call.Name}\", \"arguments\": {call.Arguments}}}") : answer.Text;
        string expected = golden.OutputText.StartsWith("<tool_call>", StringComparison.Ordinal)
            ? Normalize(golden.OutputText.Replace("<tool_call>", "", StringComparison.Ordinal).Replace("</tool_call>", "", StringComparison.Ordinal))
            : golden.OutputText;
        string facts = $"{answer.FinishReason} {answer.PromptTokens} {answer.OutputTokens}";
        string expectedFacts = $"{(answer.ToolCall is null ? "stop" : "tool_calls")} {golden.PromptTokens} {golden.OutputTokens}";
        return actual == expected && facts == expectedFacts ? string.Empty : $"{golden.Id}: expected '{expected}' ({expectedFacts}), got '{actual}' ({facts})";
    }

    private static string Normalize(string json) => JsonNode.Parse(json)!.ToJsonString(JsonSerializerOptions.Default);
}
