using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace KvScheduling.AspNetCore;

/// <summary>Maps the live state of a scheduler.</summary>
public static class KvSchedulingStateEndpointRouteBuilderExtensions
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    /// <summary>Maps <c>GET {pattern}</c>, the <see cref="SchedulerSnapshot"/> as JSON, and <c>GET {pattern}/stream</c>, server-sent events with a snapshot at
    /// once and then, at most every 250 ms, whenever it changed.</summary>
    /// <remarks>The state holds counts and times, never text. It still tells of everybody's load: guard it like other operator pages.</remarks>
    /// <param name="endpoints">The application's routes.</param>
    /// <param name="pattern">The route. The default value is <c>/kv/state</c>.</param>
    /// <param name="schedulerName">The scheduler's name, as given to <c>AddKvScheduling</c>; <see langword="null"/> for the default one.</param>
    /// <returns>A builder for conventions of both endpoints, such as authorization.</returns>
    /// <exception cref="InvalidOperationException">AddKvScheduling was not called, or not with that name.</exception>
    public static IEndpointConventionBuilder MapKvSchedulingState(
        this IEndpointRouteBuilder endpoints,
        [StringSyntax("Route")] string pattern = "/kv/state",
        string? schedulerName = null)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(pattern);
        IServiceProvider services = endpoints.ServiceProvider;
        SchedulerResolver resolver = SchedulerResolver.Create(services, schedulerName, nameof(MapKvSchedulingState));
        StateEndpoint state = new(
            resolver,
            Interval,
            services.GetService<TimeProvider>() ?? TimeProvider.System,
            services.GetService<IHostApplicationLifetime>()?.ApplicationStopping ?? CancellationToken.None);
        RouteGroupBuilder group = endpoints.MapGroup(pattern);
        group.MapGet(string.Empty, (RequestDelegate)state.GetAsync).WithDisplayName("KvScheduling state");
        group.MapGet("/stream", (RequestDelegate)state.StreamAsync).WithDisplayName("KvScheduling state stream").DisableRequestTimeout();
        return group;
    }
}
