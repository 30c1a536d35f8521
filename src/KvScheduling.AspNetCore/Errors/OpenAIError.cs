using System.Text.Json;

namespace KvScheduling.AspNetCore;

/// <summary>An error in OpenAI's shape, with the status and Retry-After it is sent with.</summary>
internal sealed record OpenAIError(int Status, string Type, string Message, string? Param = null, string? Code = null, int? RetryAfterSeconds = null)
{
    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteStartObject("error");
        writer.WriteString("message", Message);
        writer.WriteString("type", Type);
        writer.WriteString("param", Param);
        writer.WriteString("code", Code);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }
}
