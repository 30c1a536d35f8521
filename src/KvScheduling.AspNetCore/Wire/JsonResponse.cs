using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace KvScheduling.AspNetCore;

/// <summary>Sends JSON as the whole response.</summary>
internal static class JsonResponse
{
    /// <summary>Writes everything before anything is sent, so that a failure on the way can still become a proper status.</summary>
    public static async Task SendAsync<TState>(HttpResponse response, TState state, Action<Utf8JsonWriter, TState> write)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer, WireJson.WriterOptions))
        {
            write(json, state);
        }

        response.ContentType = "application/json";
        response.ContentLength = buffer.WrittenCount;
        await response.BodyWriter.WriteAsync(buffer.WrittenMemory, response.HttpContext.RequestAborted).ConfigureAwait(false);
    }

    public static Task SendAsync(HttpResponse response, OpenAIError error)
    {
        response.StatusCode = error.Status;
        if (error.RetryAfterSeconds is int seconds)
        {
            response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        return SendAsync(response, error, static (json, e) => e.Write(json));
    }
}
