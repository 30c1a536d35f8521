using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace KvScheduling.SemanticKernel.Tests;

/// <summary>Answers from a script and keeps what it was asked, in the update protocol of the scheduler's client.</summary>
internal sealed class ScriptedChatClient(params Func<IReadOnlyList<ChatMessage>, IList<AIContent>>[] script) : IChatClient
{
    public const string ModelId = "scripted";

    public List<(IReadOnlyList<ChatMessage> Messages, ChatOptions? Options)> Requests { get; } = [];

    public int Disposals { get; private set; }

    public static Func<IReadOnlyList<ChatMessage>, IList<AIContent>> Text(params string[] parts) =>
        _ => [.. parts.Select(static part => new TextContent(part))];

    public static Func<IReadOnlyList<ChatMessage>, IList<AIContent>> Call(params (string Id, string Name, object Arguments)[] calls) =>
        _ => [.. calls.Select(static call => new FunctionCallContent(
            call.Id, call.Name, call.Arguments.GetType().GetProperties()
                .ToDictionary(static property => property.Name, property => property.GetValue(call.Arguments))))];

    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.Yield();
        cancellationToken.ThrowIfCancellationRequested();
        int round = Requests.Count;
        Requests.Add(([.. messages], options?.Clone()));
        IList<AIContent> contents = script[Math.Min(round, script.Length - 1)](Requests[^1].Messages);
        string id = $"message-{round}";
        foreach (AIContent content in contents)
        {
            yield return new ChatResponseUpdate(ChatRole.Assistant, [content]) { MessageId = id, ResponseId = id, ModelId = ModelId };
        }

        bool hasCalls = contents.Any(static content => content is FunctionCallContent);
        yield return new ChatResponseUpdate(ChatRole.Assistant, [])
        {
            MessageId = id,
            ResponseId = id,
            ModelId = ModelId,
            FinishReason = hasCalls ? ChatFinishReason.ToolCalls : ChatFinishReason.Stop,
        };
        var report = new SchedulingReport { EngineInstance = "scripted", Policy = "Fcfs", OutputTokens = round + 1 };
        yield return new ChatResponseUpdate(
            ChatRole.Assistant, [new UsageContent(new UsageDetails { InputTokenCount = 10, OutputTokenCount = 1, TotalTokenCount = 11 })])
        {
            ResponseId = id,
            ModelId = ModelId,
            AdditionalProperties = new AdditionalPropertiesDictionary { ["kv_scheduling_report"] = report },
        };
    }

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null
        : serviceType == typeof(ChatClientMetadata) ? new ChatClientMetadata("scripted", defaultModelId: ModelId)
        : serviceType.IsInstanceOfType(this) ? this
        : null;

    public void Dispose() => Disposals++;
}
