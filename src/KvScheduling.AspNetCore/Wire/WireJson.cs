using System.Text.Encodings.Web;
using System.Text.Json;

namespace KvScheduling.AspNetCore;

/// <summary>How JSON goes over the wire.</summary>
internal static class WireJson
{
    /// <summary>Responses are never put into HTML, so only what JSON itself demands is escaped.</summary>
    public static JsonWriterOptions WriterOptions { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
