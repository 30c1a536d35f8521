using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;

namespace Microsoft.Extensions.AI;

/// <summary>Calls the functions that the model asks for and goes on with their results, until it answers.</summary>
public class FunctionInvokingChatClient : DelegatingChatClient
{
    public FunctionInvokingChatClient(IChatClient innerClient, ILoggerFactory? loggerFactory = null, IServiceProvider? functionInvocationServices = null)
        : base(innerClient)
    {
    }

    public bool IncludeDetailedErrors { get; set; }

    public int MaximumIterationsPerRequest { get; set; } = 40;

    public int MaximumConsecutiveErrorsPerRequest { get; set; } = 3;

    public override async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var round = new Round(messages, options, isStreaming: false);
        List<ChatMessage> answered = [];
        UsageDetails? usage = null;
        while (true)
        {
            ChatResponse response = await base.GetResponseAsync(round.Messages, round.Options, cancellationToken).ConfigureAwait(false);
            answered.AddRange(response.Messages);
            if (usage is not null && response.Usage is not null)
            {
                usage.Add(response.Usage);
            }

            usage ??= response.Usage;
            if (await RunRoundAsync(round, response.Messages, cancellationToken).ConfigureAwait(false) is { } results)
            {
                answered.Add(results);
            }

            if (round.IsOver)
            {
                response.Messages = answered;
                response.Usage = usage;
                return response;
            }
        }
    }

    public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var round = new Round(messages, options, isStreaming: true);
        while (!round.IsOver)
        {
            List<ChatResponseUpdate> updates = [];
            await foreach (ChatResponseUpdate update in base.GetStreamingResponseAsync(round.Messages, round.Options, cancellationToken).ConfigureAwait(false))
            {
                updates.Add(update);
                yield return update;
            }

            if (await RunRoundAsync(round, updates.ToChatResponse().Messages, cancellationToken).ConfigureAwait(false) is { } results)
            {
                yield return new ChatResponseUpdate(ChatRole.Tool, results.Contents) { MessageId = Guid.NewGuid().ToString("N") };
            }
        }
    }

    protected virtual ValueTask<object?> InvokeFunctionAsync(FunctionInvocationContext context, CancellationToken cancellationToken) =>
        context.Function.InvokeAsync(context.Arguments, cancellationToken);

    /// <summary>Runs the calls of one answer; <see langword="null"/> when there are none to run.</summary>
    private async Task<ChatMessage?> RunRoundAsync(Round round, IList<ChatMessage> answer, CancellationToken cancellationToken)
    {
        FunctionCallContent[] calls = [.. answer.SelectMany(static message => message.Contents).OfType<FunctionCallContent>()];
        round.Messages.AddRange(answer);
        if (calls.Length == 0 || round.Iteration >= MaximumIterationsPerRequest || !(round.Options?.Tools?.OfType<AIFunction>().Any() ?? false))
        {
            round.IsOver = true;
            return null;
        }

        List<AIContent> results = [];
        int failures = 0;
        for (int i = 0; i < calls.Length && !round.IsOver; i++)
        {
            AIFunction? function = round.Options!.Tools!.OfType<AIFunction>().FirstOrDefault(tool => tool.Name == calls[i].Name);
            results.Add(function is null
                ? new FunctionResultContent(calls[i].CallId, $"Error: Requested function \"{calls[i].Name}\" not found.")
                : await InvokeAsync(round, function, calls, i, cancellationToken).ConfigureAwait(false));
            failures += ((FunctionResultContent)results[^1]).Exception is null ? 0 : 1;
        }

        round.ConsecutiveErrors = failures > 0 ? round.ConsecutiveErrors + 1 : 0;
        if (round.ConsecutiveErrors > MaximumConsecutiveErrorsPerRequest)
        {
            throw results.OfType<FunctionResultContent>().First(static result => result.Exception is not null).Exception!;
        }

        var message = new ChatMessage(ChatRole.Tool, results);
        round.Messages.Add(message);
        round.Iteration++;
        round.ReleaseRequirement();
        return message;
    }

    private async Task<FunctionResultContent> InvokeAsync(
        Round round, AIFunction function, FunctionCallContent[] calls, int index, CancellationToken cancellationToken)
    {
        var context = new FunctionInvocationContext
        {
            Function = function,
            Arguments = new AIFunctionArguments(calls[index].Arguments),
            CallContent = calls[index],
            Messages = round.Messages,
            Options = round.Options,
            Iteration = round.Iteration,
            FunctionCallIndex = index,
            FunctionCount = calls.Length,
            IsStreaming = round.IsStreaming,
        };
        try
        {
            object? result = await InvokeFunctionAsync(context, cancellationToken).ConfigureAwait(false);
            round.IsOver |= context.Terminate;
            return new FunctionResultContent(calls[index].CallId, result ?? "Success: Function completed.");
        }
#pragma warning disable CA1031 // The model is told, and may try otherwise.
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            string text = IncludeDetailedErrors ? $"Error: Function failed. Exception: {error.Message}" : "Error: Function failed.";
            return new FunctionResultContent(calls[index].CallId, text) { Exception = error };
        }
    }

    private sealed class Round(IEnumerable<ChatMessage> messages, ChatOptions? options, bool isStreaming)
    {
        public List<ChatMessage> Messages { get; } = [.. messages];

        public ChatOptions? Options { get; private set; } = options;

        public bool IsStreaming { get; } = isStreaming;

        public int Iteration { get; set; }

        public int ConsecutiveErrors { get; set; }

        public bool IsOver { get; set; }

        /// <summary>A call is required once: with its result at hand, the model must be free to answer.</summary>
        public void ReleaseRequirement()
        {
            if (Options?.ToolMode is RequiredChatToolMode)
            {
                Options = Options.Clone();
                Options.ToolMode = null;
            }
        }
    }
}
