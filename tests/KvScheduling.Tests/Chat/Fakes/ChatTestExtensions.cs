using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace KvScheduling.Tests.Chat;

internal static class ChatTestExtensions
{
    public static readonly ChatMessage[] Hello = [new(ChatRole.User, "Hello")];

    public static async Task<List<ChatResponseUpdate>> ReadAsync(
        this IChatClient client, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        List<ChatResponseUpdate> updates = [];
        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync(Hello, options, cancellationToken))
        {
            updates.Add(update);
        }

        return updates;
    }

    public static Task<ChatResponse> AskAsync(this IChatClient client, ChatOptions? options = null) => client.GetResponseAsync(Hello, options);

    public static List<FunctionCallContent> Calls(this ChatResponse response) =>
        [.. response.Messages.SelectMany(static message => message.Contents).OfType<FunctionCallContent>()];

    public static AIFunctionDeclaration Tool(string name, string description = "Does it.") =>
        AIFunctionFactory.CreateDeclaration(name, description, JsonDocument.Parse("""{"type":"object","properties":{"a":{"type":"integer"}}}""").RootElement);

    public static ChatOptions WithTools(params string[] names) => new() { Tools = [.. names.Select(static name => Tool(name))] };

    /// <summary>Text and calls on one line each, the text of neighbours joined: <c>text:…</c>, <c>think:…</c>, <c>call:name(json)</c>.</summary>
    public static string Describe(IEnumerable<AIContent> contents)
    {
        StringBuilder lines = new();
        string? kind = null;
        foreach (AIContent content in contents)
        {
            (string next, string text) = content switch
            {
                TextReasoningContent reasoning => ("think", reasoning.Text),
                TextContent part => ("text", part.Text),
                FunctionCallContent call => ("call", $"{call.Name}({Describe(call)})"),
                UsageContent => ("usage", string.Empty),
                _ => throw new NotSupportedException(content.GetType().Name),
            };
            if (next == "usage")
            {
                continue;
            }

            lines.Append(next == kind && next != "call" ? text : $"{(lines.Length > 0 ? "|" : string.Empty)}{next}:{text}");
            kind = next;
        }

        return lines.ToString();
    }

    private static string Describe(FunctionCallContent call) => call.Exception is not null
        ? "!" + call.RawRepresentation
        : string.Join(",", call.Arguments!.Select(static argument => $"{argument.Key}={argument.Value}"));
}
