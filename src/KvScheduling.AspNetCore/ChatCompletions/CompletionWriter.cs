using System.Text.Json;
using Microsoft.Extensions.AI;

namespace KvScheduling.AspNetCore;

/// <summary>Writes a whole answer.</summary>
internal sealed class CompletionWriter
{
    private readonly ChatResponse _response;
    private readonly CompletionIdentity _identity;
    private readonly bool _includeReport;

    public CompletionWriter(ChatResponse response, string model, bool includeReport, TimeProvider time)
    {
        _response = response;
        _identity = CompletionIdentity.Create(response.ResponseId, response.CreatedAt ?? time.GetUtcNow(), model);
        _includeReport = includeReport;
    }

    public void Write(Utf8JsonWriter json)
    {
        List<FunctionCallContent> calls = [.. _response.Messages.SelectMany(static message => message.Contents).OfType<FunctionCallContent>()];
        string text = _response.Text;
        json.WriteStartObject();
        CompletionJson.WriteHead(json, _identity, "chat.completion");
        json.WriteStartArray("choices");
        json.WriteStartObject();
        json.WriteNumber("index", 0);
        json.WriteStartObject("message");
        json.WriteString("role", "assistant");
        if (text.Length == 0 && calls.Count > 0)
        {
            json.WriteNull("content");
        }
        else
        {
            json.WriteString("content", text);
        }

        string reasoning = string.Concat(
            _response.Messages.SelectMany(static message => message.Contents).OfType<TextReasoningContent>().Select(static content => content.Text));
        if (reasoning.Length > 0)
        {
            json.WriteString(CompletionJson.Reasoning, reasoning);
        }

        json.WriteNull("refusal");
        if (calls.Count > 0)
        {
            json.WriteStartArray("tool_calls");
            foreach (FunctionCallContent call in calls)
            {
                CompletionJson.WriteToolCall(json, call, index: null);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
        json.WriteNull("logprobs");
        json.WriteString("finish_reason", CompletionJson.FinishReasonName(_response.FinishReason, calls.Count > 0));
        json.WriteEndObject();
        json.WriteEndArray();
        CompletionJson.WriteUsage(json, _response.Usage);
        if (_includeReport && _response.GetSchedulingReport() is SchedulingReport report)
        {
            CompletionJson.WriteReport(json, report);
        }

        json.WriteEndObject();
    }
}
