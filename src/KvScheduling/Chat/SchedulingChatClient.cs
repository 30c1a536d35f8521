using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace KvScheduling;

/// <summary>A chat client over a scheduler: renders and tokenizes conversations, and turns tokens into updates. Every request goes through the line.</summary>
/// <remarks>
/// <para>Thread-safe. Options and messages are never changed: options are read before a method returns, messages once a place in the line was got.</para>
/// <list type="bullet">
/// <item><see cref="ChatOptions.Temperature"/>: without one decoding is greedy, unless TopP, TopK or Seed are set; then it is 1.</item>
/// <item><see cref="ChatOptions.ModelId"/> is not looked at: a client serves one model, and responses name it.</item>
/// <item><see cref="ChatOptions.ResponseFormat"/>: JSON needs <see cref="EngineDescription.SupportsGuidance"/>, and no tools in the same request.</item>
/// <item><see cref="ChatOptions.RawRepresentationFactory"/> may give a <see cref="GenerationRequest"/> without prompt tokens. Its members go before the
/// options where they are set; its sampling settings are taken whole unless they are greedy.</item>
/// <item><see cref="ChatOptions.ConversationId"/> and <see cref="ChatOptions.ContinuationToken"/> are refused. <see cref="ChatOptions.Reasoning"/>,
/// <see cref="ChatOptions.AllowBackgroundResponses"/> and unknown additional properties are ignored.</item>
/// <item><see cref="ChatOptions.Tools"/> are offered and their calls delivered, never invoked. A required call is forced: the prompt ends with the beginning
/// of the call, which is the beginning of the answer.</item>
/// </list>
/// <para>Where the chat template knows <c>&lt;think&gt;</c>, reasoning is delivered as <see cref="TextReasoningContent"/>, and never sent back.</para>
/// </remarks>
internal sealed class SchedulingChatClient : IChatClient
{
    private const string ProviderName = "kvscheduling";

    private readonly IKvScheduler _scheduler;
    private readonly ToolCallFormat _toolCallFormat;
    private readonly TimeProvider _timeProvider;
    private volatile bool _disposed;

    /// <summary>Creates a client.</summary>
    /// <param name="scheduler">The scheduler; started by the first request unless it is, never stopped or disposed by the client.</param>
    /// <param name="toolCallFormat">The syntax of tool calls for requests that name none.</param>
    /// <param name="timeProvider">The clock that stamps responses; <see langword="null"/> for the system's.</param>
    /// <exception cref="ArgumentNullException"><paramref name="scheduler"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="toolCallFormat"/> is none of its names.</exception>
    public SchedulingChatClient(IKvScheduler scheduler, ToolCallFormat toolCallFormat = ToolCallFormat.Auto, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(scheduler);
        if (!Enum.IsDefined(toolCallFormat))
        {
            throw new ArgumentOutOfRangeException(
                nameof(toolCallFormat), toolCallFormat, $"Must be one of {string.Join(", ", Enum.GetNames<ToolCallFormat>())}.");
        }

        _scheduler = scheduler;
        _toolCallFormat = toolCallFormat;
        _timeProvider = timeProvider ?? TimeProvider.System;
    }

    /// <inheritdoc/>
    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        ObjectDisposedException.ThrowIf(_disposed, this);
        return StreamAsync(messages, ChatOptionsReader.Read(options, this, _toolCallFormat), cancellationToken);
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        if (serviceKey is not null)
        {
            return null;
        }

        if (serviceType == typeof(ChatClientMetadata))
        {
            return new ChatClientMetadata(ProviderName, defaultModelId: FindEngine()?.ModelId);
        }

        if (serviceType == typeof(EngineDescription))
        {
            return FindEngine();
        }

        if (serviceType == typeof(ITextCodec))
        {
            return FindEngine() is null ? null : _scheduler.TextCodec;
        }

        return serviceType == typeof(IKvScheduler) ? _scheduler : serviceType.IsInstanceOfType(this) ? this : null;
    }

    /// <summary>Refuses further requests. Those that run go on, and so does the scheduler, which is not the client's.</summary>
    public void Dispose() => _disposed = true;

    private async IAsyncEnumerable<ChatResponseUpdate> StreamAsync(
        IEnumerable<ChatMessage> messages, ChatRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await _scheduler.StartAsync(cancellationToken).ConfigureAwait(false);
        ChatTurn turn = Begin(messages, request, cancellationToken);
        await using (turn.ConfigureAwait(false))
        {
            while (await turn.MoveNextAsync().ConfigureAwait(false))
            {
                if (turn.TakeUpdate() is { } update)
                {
                    yield return update;
                }
            }

            (ChatResponseUpdate last, ChatResponseUpdate summary) = await turn.CompleteAsync(cancellationToken).ConfigureAwait(false);
            yield return last;
            yield return summary;
        }
    }

    /// <summary>Gets a place in the line before any work is spent on the conversation; it is given back when anything fails.</summary>
    private ChatTurn Begin(IEnumerable<ChatMessage> messages, ChatRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        EngineDescription engine = _scheduler.Engine;
        ITextCodec codec = _scheduler.TextCodec ?? throw new NotSupportedException(
            $"The engine '{engine.EngineName}' has no tokenizer, so it can't chat. "
            + $"Submit tokens to {nameof(IKvScheduler)}, or use an engine with a {nameof(IInferenceEngine.TextCodec)}.");
        CheckSupport(request.Settings, engine);
        using QueuePlace place = _scheduler.Reserve();
        ChatPrompt prompt = ChatPrompt.Create(MessageWriter.Write(messages, request.Instructions), request, codec, engine.ModelId);
        AnswerReader answer = new(prompt, request, codec);
        Generation generation = _scheduler.Submit(request.WithPrompt(prompt.Tokens), place, cancellationToken);
        return new ChatTurn(generation, answer, prompt.Tokens.Length, engine.ModelId, _timeProvider.GetUtcNow());
    }

    /// <summary>The scheduler would refuse these too, in its own words; a caller of this client knows the options by other names.</summary>
    private static void CheckSupport(GenerationRequest settings, EngineDescription engine)
    {
        if (settings.Constraint is not null && !engine.SupportsGuidance)
        {
            throw new NotSupportedException(
                $"The engine '{engine.EngineName}' can't force its output into JSON (ChatOptions.ResponseFormat). "
                + "Ask for JSON in the prompt and check what comes, or use an engine with guidance.");
        }

        if (!engine.SupportsPenalties && (settings.Sampling.FrequencyPenalty != 0 || settings.Sampling.PresencePenalty != 0))
        {
            throw new NotSupportedException(
                $"The engine '{engine.EngineName}' has no frequency and presence penalties. "
                + $"Leave ChatOptions.{nameof(ChatOptions.FrequencyPenalty)} and ChatOptions.{nameof(ChatOptions.PresencePenalty)} unset, or use an engine that has them.");
        }
    }

    private EngineDescription? FindEngine()
    {
        try
        {
            return _scheduler.Engine;
        }
        catch (InvalidOperationException)
        {
            // Not started: what the engine is will be known with the first request.
            return null;
        }
    }
}
