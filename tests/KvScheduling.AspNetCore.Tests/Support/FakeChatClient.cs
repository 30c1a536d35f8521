using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace KvScheduling.AspNetCore.Tests;

/// <summary>Answers as scripted and remembers what it was asked.</summary>
internal sealed class FakeChatClient : IChatClient
{
    private readonly TaskCompletionSource _called = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Runs when the call is made, before anything is enumerated.</summary>
    public Action? OnCall { get; set; }

    public Func<CancellationToken, IAsyncEnumerable<ChatResponseUpdate>> Script { get; set; } = static _ => Answer("Hi");

    public IReadOnlyList<ChatMessage> Messages { get; private set; } = [];

    public ChatOptions? Options { get; private set; }

    public Task Called => _called.Task;

    /// <summary>Completes when an enumeration ended, cancelled when it ended by cancellation.</summary>
    public Task Ended => _ended.Task;

    public static IAsyncEnumerable<ChatResponseUpdate> Answer(params string[] pieces) =>
        Updates([.. pieces.Select(Text), Finish(ChatFinishReason.Stop), Usage(5, pieces.Length, 0)]);

    public static ChatResponseUpdate Text(string text) => With(new TextContent(text));

    public static ChatResponseUpdate With(params AIContent[] contents) => new(ChatRole.Assistant, contents)
    {
        ResponseId = "r1",
        MessageId = "r1",
        CreatedAt = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000),
        ModelId = FakeScheduler.ModelId,
    };

    public static ChatResponseUpdate Finish(ChatFinishReason reason)
    {
        ChatResponseUpdate update = With();
        update.FinishReason = reason;
        return update;
    }

    public static ChatResponseUpdate Usage(int input, int output, int cached) => With(new UsageContent(new UsageDetails
    {
        InputTokenCount = input,
        OutputTokenCount = output,
        TotalTokenCount = input + output,
        CachedInputTokenCount = cached,
    }));

    public static async IAsyncEnumerable<ChatResponseUpdate> Updates(params ChatResponseUpdate[] updates)
    {
        foreach (ChatResponseUpdate update in updates)
        {
            await Task.Yield();
            yield return update;
        }
    }

    public static async IAsyncEnumerable<ChatResponseUpdate> Throw(Exception exception, params ChatResponseUpdate[] before)
    {
        foreach (ChatResponseUpdate update in before)
        {
            await Task.Yield();
            yield return update;
        }

        await Task.Yield();
        throw exception;
    }

    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        Messages = [.. messages];
        Options = options;
        OnCall?.Invoke();
        return EnumerateAsync(cancellationToken);
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }

    private async IAsyncEnumerable<ChatResponseUpdate> EnumerateAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        try
        {
            _called.TrySetResult();
            await foreach (ChatResponseUpdate update in Script(cancellationToken).WithCancellation(cancellationToken))
            {
                yield return update;
            }
        }
        finally
        {
            if (cancellationToken.IsCancellationRequested)
            {
                _ended.TrySetCanceled(CancellationToken.None);
            }
            else
            {
                _ended.TrySetResult();
            }
        }
    }
}
