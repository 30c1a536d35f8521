using Microsoft.AspNetCore.Http;

namespace KvScheduling.AspNetCore;

/// <summary>Settings of the OpenAI-compatible endpoints.</summary>
public sealed class OpenAIEndpointOptions
{
    /// <summary>The name of the scheduler that serves the endpoints, as given to <c>AddKvScheduling</c>.</summary>
    /// <value>The default value is <see langword="null"/>: the default scheduler.</value>
    public string? SchedulerName { get; set; }

    /// <summary>Whether a request may name any model. Otherwise a name that is not the engine's is answered with 404 <c>model_not_found</c>; a request without
    /// a name is always served.</summary>
    /// <value>The default value is <see langword="false"/>.</value>
    public bool AcceptAnyModel { get; set; }

    /// <summary>Whether the caller's <c>user</c> field is taken as the tenant (<see cref="SchedulingHints.Tenant"/>). Leave it off where callers are not
    /// trusted: they could name somebody else.</summary>
    /// <value>The default value is <see langword="false"/>: <c>user</c> is ignored.</value>
    public bool UserIsTenant { get; set; }

    /// <summary>Tells the tenant of a call, for example from its authenticated user. Wins over <see cref="UserIsTenant"/> unless it gives
    /// <see langword="null"/>.</summary>
    /// <value>The default value is <see langword="null"/>.</value>
    public Func<HttpContext, string?>? TenantSelector { get; set; }

    /// <summary>Whether the caller's <c>priority</c> field (as in vLLM: lower runs first) is obeyed. Turn it off where callers are not trusted.</summary>
    /// <value>The default value is <see langword="true"/>.</value>
    public bool AllowPriority { get; set; } = true;

    /// <summary>After this long without a frame a streamed answer carries an SSE comment, so that proxies keep the connection of a request that waits in a long
    /// line.</summary>
    /// <remarks>The first ping starts the response with status 200: what is refused after it comes as an error frame, no longer as a status.</remarks>
    /// <value>Above zero, or <see cref="Timeout.InfiniteTimeSpan"/> for no pings. The default value is 15 seconds.</value>
    public TimeSpan PingInterval { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Whether answers carry a <c>scheduling</c> object: queue time, TTFT, TPOT, evictions. In a stream it rides on the finish chunk.</summary>
    /// <value>The default value is <see langword="false"/>.</value>
    public bool IncludeSchedulingReport { get; set; }

    internal void Validate()
    {
        if (PingInterval <= TimeSpan.Zero && PingInterval != Timeout.InfiniteTimeSpan)
        {
            throw new ArgumentOutOfRangeException(
                nameof(PingInterval),
                PingInterval,
                $"{nameof(OpenAIEndpointOptions)}.{nameof(PingInterval)} must be above zero, or Timeout.InfiniteTimeSpan for no pings.");
        }
    }
}
