using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace KvScheduling.AspNetCore;

/// <summary>GET /models and GET /models/{id}.</summary>
internal sealed class ModelsEndpoint
{
    private readonly SchedulerResolver _resolver;
    private readonly long _created;

    public ModelsEndpoint(SchedulerResolver resolver, DateTimeOffset created)
    {
        _resolver = resolver;
        _created = created.ToUnixTimeSeconds();
    }

    public static InvalidRequestException ModelNotFound(string asked, string served) =>
        new("model", $"The model '{asked}' does not exist here. This server has '{served}'.", "model_not_found", StatusCodes.Status404NotFound);

    public async Task ListAsync(HttpContext context)
    {
        EngineDescription engine = await _resolver.GetEngineAsync(context.RequestServices, context.RequestAborted).ConfigureAwait(false);
        await JsonResponse.SendAsync(context.Response, engine, (json, model) =>
        {
            json.WriteStartObject();
            json.WriteString("object", "list");
            json.WriteStartArray("data");
            WriteModel(json, model);
            json.WriteEndArray();
            json.WriteEndObject();
        }).ConfigureAwait(false);
    }

    public async Task GetAsync(HttpContext context)
    {
        EngineDescription engine = await _resolver.GetEngineAsync(context.RequestServices, context.RequestAborted).ConfigureAwait(false);
        // The server decodes everything in a path but the slash.
        string asked = (context.GetRouteValue("id") as string ?? string.Empty).Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
        Task sent = asked == engine.ModelId
            ? JsonResponse.SendAsync(context.Response, engine, WriteModel)
            : JsonResponse.SendAsync(context.Response, OpenAIErrorMapping.Map(ModelNotFound(asked, engine.ModelId), request: null));
        await sent.ConfigureAwait(false);
    }

    private void WriteModel(Utf8JsonWriter json, EngineDescription engine)
    {
        json.WriteStartObject();
        json.WriteString("id", engine.ModelId);
        json.WriteString("object", "model");
        json.WriteNumber("created", _created);
        json.WriteString("owned_by", "kv-scheduling");
        // vLLM's name for the context.
        json.WriteNumber("max_model_len", engine.MaxContextTokens);
        json.WriteEndObject();
    }
}
