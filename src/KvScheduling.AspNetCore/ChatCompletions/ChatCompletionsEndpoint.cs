using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;

namespace KvScheduling.AspNetCore;

/// <summary>POST /chat/completions.</summary>
internal sealed partial class ChatCompletionsEndpoint
{
    private readonly SchedulerResolver _resolver;
    private readonly OpenAIEndpointOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    public ChatCompletionsEndpoint(SchedulerResolver resolver, OpenAIEndpointOptions options, TimeProvider time, ILogger logger)
    {
        _resolver = resolver;
        _options = options;
        _time = time;
        _logger = logger;
    }

    public async Task InvokeAsync(HttpContext context)
    {
        CancellationToken aborted = context.RequestAborted;
        ChatCompletionRequest? request = null;
        try
        {
            request = await ReadAsync(context, aborted).ConfigureAwait(false);
            string model = (await _resolver.GetEngineAsync(context.RequestServices, aborted).ConfigureAwait(false)).ModelId;
            CheckModel(request, model);
            IChatClient client = _resolver.GetChatClient(context.RequestServices);
            if (request.Stream)
            {
                await StreamAsync(context, client, request, model, aborted).ConfigureAwait(false);
            }
            else
            {
                ChatResponse response = await client.GetResponseAsync(request.Messages, request.Options, aborted).ConfigureAwait(false);
                CompletionWriter writer = new(response, model, _options.IncludeSchedulingReport, _time);
                await JsonResponse.SendAsync(context.Response, writer, static (json, answer) => answer.Write(json)).ConfigureAwait(false);
            }
        }
        catch (Exception) when (aborted.IsCancellationRequested)
        {
            // Nobody is there to be told; the generation was cancelled by the same token.
        }
        catch (Exception exception) when (!context.Response.HasStarted)
        {
            await JsonResponse.SendAsync(context.Response, Map(exception, request)).ConfigureAwait(false);
        }
    }

    private async Task<ChatCompletionRequest> ReadAsync(HttpContext context, CancellationToken cancellationToken)
    {
        // Refusing other types also keeps foreign web pages from posting here without a preflight.
        if (!context.Request.HasJsonContentType())
        {
            throw new InvalidRequestException(null, "The Content-Type must be application/json.", "unsupported_media_type", 415);
        }

        using JsonDocument body = await JsonDocument.ParseAsync(context.Request.Body, default, cancellationToken).ConfigureAwait(false);
        return ChatCompletionRequestReader.Read(body.RootElement, _options, context);
    }

    private void CheckModel(ChatCompletionRequest request, string model)
    {
        if (request.Model is string asked && asked != model && !_options.AcceptAnyModel)
        {
            throw ModelsEndpoint.ModelNotFound(asked, model);
        }
    }

    private async Task StreamAsync(HttpContext context, IChatClient client, ChatCompletionRequest request, string model, CancellationToken aborted)
    {
        ServerSentEventWriter events = new(context.Response, _options.PingInterval, _time);
        await using (events.ConfigureAwait(false))
        {
            try
            {
                ChunkWriter chunks = new(events, model, request.IncludeUsage, _options.IncludeSchedulingReport, _time);
                IAsyncEnumerator<ChatResponseUpdate> updates = client
                    .GetStreamingResponseAsync(request.Messages, request.Options, aborted)
                    .GetAsyncEnumerator(aborted);
                await using (updates.ConfigureAwait(false))
                {
                    while (await events.WaitAsync(updates.MoveNextAsync(), aborted).ConfigureAwait(false))
                    {
                        chunks.Write(updates.Current);
                    }
                }

                chunks.Finish();
            }
            catch (Exception exception) when (events.HasStarted && !aborted.IsCancellationRequested)
            {
                // The status is sent: all that is left is to say it in the stream and to end it without the end mark.
                events.Write(Map(exception, request, answering: true), static (json, error) => error.Write(json));
            }

            await events.FlushAsync(aborted).ConfigureAwait(false);
        }
    }

    private OpenAIError Map(Exception exception, ChatCompletionRequest? request, bool answering = false)
    {
        OpenAIError error = OpenAIErrorMapping.Map(exception, request, answering);
        if (OpenAIErrorMapping.IsUnexpected(error))
        {
            LogFailed(_logger, exception);
        }

        return error;
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Error, Message = "A chat completion failed.")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}
