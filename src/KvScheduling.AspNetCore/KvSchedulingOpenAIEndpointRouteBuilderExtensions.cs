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
    /// <remarks>
    /// <para>Beyond OpenAI's fields a request may have <c>top_k</c>, <c>priority</c> (as in vLLM: lower runs first; <see cref="SchedulingHints.Priority"/>
    /// is its negative), <c>cache_salt</c> (as in vLLM: the prompt's KV is shared only with requests of the same salt, and of the same tenant where there
    /// is one; it is a tenant of its own in <see cref="PrefixScope.Tenant"/> scope), <c>kv_deadline_ms</c> (<see cref="SchedulingHints.Deadline"/>) and
    /// <c>kv_expected_output_tokens</c> (<see cref="SchedulingHints.ExpectedOutputTokens"/>). Fields nobody knows are ignored; <c>n</c> above 1,
    /// <c>logprobs</c>, <c>logit_bias</c>, the deprecated <c>functions</c>, and content other than text are refused by name. <c>max_completion_tokens</c>
    /// wins over <c>max_tokens</c>. Without <c>temperature</c>, <c>top_p</c>, <c>top_k</c> and <c>seed</c> decoding is greedy. A function's <c>strict</c>
    /// is not enforced.</para>
    /// <para>Errors have OpenAI's shape: 400 for a wrong request (<c>context_length_exceeded</c> for one that can never fit), 404 for another model, 415
    /// for a body that is no JSON, 429 with Retry-After when the line is full, 503 with Retry-After while the scheduler stops or its engine is lost, 504
    /// when the deadline can't be met, 500 for anything else. What goes wrong after the first frame of a stream comes as an error frame, after which the
    /// stream ends without its end mark.</para>
    /// <para>A caller that goes away is cancelled: its KV is free within one step.</para>
    /// </remarks>
    /// <param name="endpoints">The application's routes.</param>
    /// <param name="pattern">The prefix of the routes. The default value is <c>/v1</c>.</param>
    /// <param name="configure">Changes the endpoints' settings.</param>
    /// <returns>A builder for conventions of all three endpoints, such as authorization.</returns>
    /// <exception cref="InvalidOperationException">AddKvScheduling was not called, or not with the name in
    /// <see cref="OpenAIEndpointOptions.SchedulerName"/>.</exception>
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
