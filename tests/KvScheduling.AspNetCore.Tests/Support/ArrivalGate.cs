using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace KvScheduling.AspNetCore.Tests;

/// <summary>Counts the requests that have reached the line of a scheduler, and holds the engine until so many have, so that they run together however slowly they come.</summary>
internal sealed class ArrivalGate(IChatClient scheduler) : DelegatingChatClient(scheduler)
{
    private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _arrived;
    private int _expected;

    /// <summary>Says how many requests are to come; before the first of them does.</summary>
    public void Expect(int requests) => _expected = requests;

    /// <summary>Waits until all that are expected are in the line; called on the loop's thread before each step.</summary>
    public void Pass()
    {
        if (_expected > 0 && !_all.Task.Wait(TestServer.Patience))
        {
            throw new TimeoutException($"Only {Volatile.Read(ref _arrived)} of {_expected} requests came.");
        }
    }

    /// <remarks>A call of the scheduler's client runs to its place in the line before it returns.</remarks>
    public override Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        Task<ChatResponse> answer = base.GetResponseAsync(messages, options, cancellationToken);
        Count();
        return answer;
    }

    /// <remarks>So does the first step of an enumeration.</remarks>
    public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await using IAsyncEnumerator<ChatResponseUpdate> updates = base.GetStreamingResponseAsync(messages, options, cancellationToken).GetAsyncEnumerator(cancellationToken);
        ValueTask<bool> next = updates.MoveNextAsync();
        Count();
        while (await next)
        {
            yield return updates.Current;
            next = updates.MoveNextAsync();
        }
    }

    private void Count()
    {
        if (Interlocked.Increment(ref _arrived) == _expected)
        {
            _all.TrySetResult();
        }
    }
}
