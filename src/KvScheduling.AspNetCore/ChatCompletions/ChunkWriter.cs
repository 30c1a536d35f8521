using System.Text.Json;
using Microsoft.Extensions.AI;

namespace KvScheduling.AspNetCore;

/// <summary>Turns a stream of updates into the frames of a streamed answer.</summary>
internal sealed class ChunkWriter
{
    private readonly ServerSentEventWriter _events;
    private readonly string _model;
    private readonly bool _includeUsage;
    private readonly bool _includeReport;
    private readonly TimeProvider _time;
    private CompletionIdentity? _identity;
    private int _toolCalls;
    private ChatFinishReason? _finishReason;
    private UsageDetails? _usage;
    private SchedulingReport? _report;

    public ChunkWriter(ServerSentEventWriter events, string model, bool includeUsage, bool includeReport, TimeProvider time)
    {
        _events = events;
        _model = model;
        _includeUsage = includeUsage;
        _includeReport = includeReport;
        _time = time;
    }

    private CompletionIdentity Identity => _identity ?? throw new InvalidOperationException("The first frame was not written.");

    /// <summary>Writes the frames of one update: none for an update without content.</summary>
    public void Write(ChatResponseUpdate update)
    {
        Begin(update.ResponseId, update.CreatedAt);
        foreach (AIContent content in update.Contents)
        {
            switch (content)
            {
                case TextContent { Text.Length: > 0 } text:
                    WriteFrame(text.Text, static (json, value) => json.WriteString("content", value));
                    break;
                case TextReasoningContent { Text.Length: > 0 } reasoning:
                    WriteFrame(reasoning.Text, static (json, value) => json.WriteString(CompletionJson.Reasoning, value));
                    break;
                case FunctionCallContent call:
                    WriteFrame((Call: call, Index: _toolCalls++), static (json, value) =>
                    {
                        json.WriteStartArray("tool_calls");
                        CompletionJson.WriteToolCall(json, value.Call, value.Index);
                        json.WriteEndArray();
                    });
                    break;
                case UsageContent usage:
                    (_usage ??= new UsageDetails()).Add(usage.Details);
                    break;
                default:
                    break;
            }
        }

        _finishReason = update.FinishReason ?? _finishReason;
        _report = update.GetSchedulingReport() ?? _report;
    }

    /// <summary>Writes what follows the last content: the finish chunk, the usage chunk when asked for, and the end mark.</summary>
    public void Finish()
    {
        Begin(null, null);
        _events.Write(this, static (json, self) =>
        {
            self.WriteStart(json);
            json.WriteStartArray("choices");
            json.WriteStartObject();
            json.WriteNumber("index", 0);
            json.WriteStartObject("delta");
            json.WriteEndObject();
            json.WriteString("finish_reason", CompletionJson.FinishReasonName(self._finishReason, self._toolCalls > 0));
            json.WriteEndObject();
            json.WriteEndArray();
            self.WriteNoUsage(json);
            if (self._includeReport && self._report is SchedulingReport report)
            {
                CompletionJson.WriteReport(json, report);
            }

            json.WriteEndObject();
        });
        if (_includeUsage)
        {
            _events.Write(this, static (json, self) =>
            {
                self.WriteStart(json);
                json.WriteStartArray("choices");
                json.WriteEndArray();
                CompletionJson.WriteUsage(json, self._usage);
                json.WriteEndObject();
            });
        }

        _events.WriteDone();
    }

    private void Begin(string? responseId, DateTimeOffset? created)
    {
        if (_identity is not null)
        {
            return;
        }

        _identity = CompletionIdentity.Create(responseId, created ?? _time.GetUtcNow(), _model);
        WriteFrame(0, static (json, _) =>
        {
            json.WriteString("role", "assistant");
            json.WriteString("content", string.Empty);
        });
    }

    private void WriteFrame<TState>(TState state, Action<Utf8JsonWriter, TState> writeDelta) =>
        _events.Write((Self: this, State: state, WriteDelta: writeDelta), static (json, frame) =>
        {
            frame.Self.WriteStart(json);
            json.WriteStartArray("choices");
            json.WriteStartObject();
            json.WriteNumber("index", 0);
            json.WriteStartObject("delta");
            frame.WriteDelta(json, frame.State);
            json.WriteEndObject();
            json.WriteNull("finish_reason");
            json.WriteEndObject();
            json.WriteEndArray();
            frame.Self.WriteNoUsage(json);
            json.WriteEndObject();
        });

    private void WriteStart(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        CompletionJson.WriteHead(json, Identity, "chat.completion.chunk");
    }

    /// <summary>Where usage is asked for, OpenAI sends null on every chunk but the last.</summary>
    private void WriteNoUsage(Utf8JsonWriter json)
    {
        if (_includeUsage)
        {
            json.WriteNull("usage");
        }
    }
}
