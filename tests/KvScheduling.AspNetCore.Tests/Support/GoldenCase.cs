using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace KvScheduling.AspNetCore.Tests;

/// <summary>A conversation of the bundled model with the answer that greedy decoding gives, token for token.</summary>
internal sealed record GoldenCase(string Id, JsonArray Messages, JsonNode? Tools, int PromptTokens, int OutputTokens, string OutputText)
{
    public static string ModelFolder => Path.Combine(RepositoryRoot(), "models", "tiny-chat");

    public static IReadOnlyList<GoldenCase> LoadAll()
    {
        JsonNode file = JsonNode.Parse(File.ReadAllText(Path.Combine(ModelFolder, "golden.json"), Encoding.UTF8))!;
        return [.. file["cases"]!.AsArray().Select(static entry => Read(entry!))];
    }

    /// <summary>The case as the body of a chat completion.</summary>
    public string ToBody(bool stream)
    {
        JsonObject body = new()
        {
            ["model"] = "tiny-chat",
            ["messages"] = Messages.DeepClone(),
            // More than the answer needs, so that it ends by itself.
            ["max_completion_tokens"] = OutputTokens + 16,
            ["temperature"] = 0,
            ["stream"] = stream,
        };
        if (stream)
        {
            body["stream_options"] = new JsonObject { ["include_usage"] = true };
        }

        if (Tools is not null)
        {
            body["tools"] = Tools.DeepClone();
        }

        return body.ToJsonString();
    }

    private static GoldenCase Read(JsonNode entry) => new(
        entry["id"]!.GetValue<string>(),
        ToWire(entry["messages"]!.AsArray()),
        entry["tools"]?.DeepClone(),
        entry["prompt_ids"]!.AsArray().Count,
        entry["output_ids"]!.AsArray().Count,
        entry["output_text"]!.GetValue<string>());

    /// <summary>The file has arguments as objects and no ids; the wire wants text and ids.</summary>
    private static JsonArray ToWire(JsonArray messages)
    {
        JsonArray result = messages.DeepClone().AsArray();
        string? last = null;
        int number = 0;
        foreach (JsonObject message in result.Select(static message => message!.AsObject()))
        {
            foreach (JsonObject call in message["tool_calls"]?.AsArray().Select(static call => call!.AsObject()) ?? [])
            {
                call["id"] = last = $"call_{number++}";
                call["function"]!["arguments"] = call["function"]!["arguments"]!.ToJsonString(JsonSerializerOptions.Default);
            }

            if (message["role"]!.GetValue<string>() == "tool")
            {
                message["tool_call_id"] = last;
            }
        }

        return result;
    }

    private static string RepositoryRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "KvScheduling.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("The tests do not run inside the repository.");
    }
}
