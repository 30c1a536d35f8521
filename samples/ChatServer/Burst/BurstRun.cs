using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.AI;

namespace KvScheduling.Samples.ChatServer;

/// <summary>Sends a burst and tells what happens to each request.</summary>
internal sealed class BurstRun(IChatClient chat, TimeProvider time, IReadOnlyList<DemoPrompt> prompts)
{
    private readonly Channel<BurstEvent> _events = Channel.CreateUnbounded<BurstEvent>(new UnboundedChannelOptions { SingleReader = true });
    private long _start;

    public async IAsyncEnumerable<BurstEvent> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return new BurstEvent("start") { Requests = [.. prompts.Select(static prompt => new BurstItem(prompt.Kind, prompt.Text))] };
        _start = time.GetTimestamp();
        // Each call runs to its place in the line before the next is made, so the order of arrival is the order of the list.
        Task all = Task.WhenAll(prompts.Select((prompt, index) => AskAsync(index, prompt, cancellationToken)));
        _ = all.ContinueWith(
            done => _events.Writer.Complete(done.Exception), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        await foreach (BurstEvent happened in _events.Reader.ReadAllAsync(cancellationToken))
        {
            yield return happened;
        }
    }

    private async Task AskAsync(int index, DemoPrompt prompt, CancellationToken cancellationToken)
    {
        try
        {
            ChatOptions options = new() { MaxOutputTokens = prompt.MaxOutputTokens };
            StringBuilder text = new();
            SchedulingReport? report = null;
            await foreach (ChatResponseUpdate update in chat.GetStreamingResponseAsync(prompt.Text, options, cancellationToken))
            {
                if (text.Length == 0 && update.Text.Length > 0)
                {
                    Tell(new BurstEvent("first") { Index = index, Ms = Elapsed });
                }

                text.Append(update.Text);
                report = update.GetSchedulingReport() ?? report;
            }

            Tell(new BurstEvent("done") { Index = index, Ms = Elapsed, Text = text.ToString(), Report = report is null ? null : BurstReport.From(report) });
        }
        catch (Exception exception) when (exception is SchedulingRejectedException or EngineFaultException)
        {
            Tell(new BurstEvent("failed") { Index = index, Ms = Elapsed, Message = exception.Message });
        }
    }

    private double Elapsed => Math.Round(time.GetElapsedTime(_start).TotalMilliseconds, 3);

    private void Tell(BurstEvent happened) => _events.Writer.TryWrite(happened);
}
