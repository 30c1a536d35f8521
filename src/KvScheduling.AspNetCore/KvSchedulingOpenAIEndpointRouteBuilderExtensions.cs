using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace KvScheduling.AspNetCore;

/// <summary>Maps the OpenAI-compatible endpoints.</summary>
public static class KvSchedulingOpenAIEndpointRouteBuilderExtensions
{
    /// <summary>Maps <c>POST {pattern}/chat/completions</c>, <c>GET {pattern}/models</c> and <c>GET {pattern}/models/{id}</c>.</summary>
    /// <param name="endpoints">The application's routes.</param>
    /// <param name="pattern">The prefix of the routes. The default value is <c>/v1</c>.</param>
    /// <param name="configure">Changes the endpoints' settings.</param>
    /// <returns>A builder for conventions of all three endpoints, such as authorization.</returns>
    /// <exception cref="InvalidOperationException">AddKvScheduling was not called, or not with the name in <see cref="OpenAIEndpointOptions.SchedulerName"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of its range.</exception>
    public static IEndpointConventionBuilder MapKvSchedulingOpenAI(
        this IEndpointRouteBuilder endpoints,
        [StringSyntax("Route")] string pattern = "/v1",
        Action<OpenAIEndpointOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(pattern);
        OpenAIEndpointOptions options = new();
        configure?.Invoke(options);
        options.Validate();
        SchedulerResolver resolver = SchedulerResolver.Create(endpoints.ServiceProvider, options.SchedulerName, nameof(MapKvSchedulingOpenAI));
        TimeProvider time = endpoints.ServiceProvider.GetService<TimeProvider>() ?? TimeProvider.System;
        ILogger logger = endpoints.ServiceProvider.GetRequiredService<ILoggerFactory>().CreateLogger("KvScheduling.AspNetCore.OpenAI");
        ChatCompletionsEndpoint completions = new(resolver, options, time, logger);
        ModelsEndpoint models = new(resolver, time.GetUtcNow());

        RouteGroupBuilder group = endpoints.MapGroup(pattern);
        // The deadline of an answer is the scheduler's business; a request timeout would cut streams off.
        group.MapPost("/chat/completions", (RequestDelegate)completions.InvokeAsync).WithDisplayName("OpenAI chat completions").DisableRequestTimeout();
        group.MapGet("/models", (RequestDelegate)models.ListAsync).WithDisplayName("OpenAI models");
        // Model names may contain slashes.
        group.MapGet("/models/{**id}", (RequestDelegate)models.GetAsync).WithDisplayName("OpenAI model");
        return group;
    }
}
