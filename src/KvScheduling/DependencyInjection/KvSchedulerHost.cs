using System.Diagnostics.Metrics;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;

namespace KvScheduling;

/// <summary>A scheduler without a host: for console programs and batch jobs. Disposing it drains and stops.</summary>
public sealed class KvSchedulerHost : IAsyncDisposable
{
    private readonly KvScheduler _scheduler;
    private SchedulingChatClient? _chatClient;

    private KvSchedulerHost(KvScheduler scheduler) => _scheduler = scheduler;

    /// <summary>The token-level door.</summary>
    public IKvScheduler Scheduler => _scheduler;

    /// <summary>The chat door.</summary>
    /// <exception cref="InvalidOperationException">The engine has no text side.</exception>
    public IChatClient ChatClient => _chatClient ??= _scheduler.CreateChatClient();

    /// <summary>Builds the engine and starts the loop.</summary>
    /// <param name="engineFactory">Builds the engine; called on the loop's thread, and again after a fatal fault. What it returns is disposed with the host.</param>
    /// <param name="options">The settings; <see langword="null"/> for the defaults.</param>
    /// <param name="loggerFactory">Where the scheduler logs; <see langword="null"/> for nowhere.</param>
    /// <param name="meterFactory">Where its instruments live; <see langword="null"/> for a meter of its own.</param>
    /// <param name="timeProvider">The clock; <see langword="null"/> for the system's.</param>
    /// <param name="policies">Policies of the application's own, by name: what <see cref="KvSchedulingBuilderExtensions.AddPolicy"/> is with a container; <see langword="null"/> for none.</param>
    /// <param name="cancellationToken">Ends the waiting; what was started is stopped.</param>
    /// <returns>The running host.</returns>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">An option is out of its range.</exception>
    /// <exception cref="ArgumentException">No policy has the name that the options select.</exception>
    public static async Task<KvSchedulerHost> StartAsync(
        Func<IInferenceEngine> engineFactory,
        KvSchedulingOptions? options = null,
        ILoggerFactory? loggerFactory = null,
        IMeterFactory? meterFactory = null,
        TimeProvider? timeProvider = null,
        IReadOnlyDictionary<string, Func<PolicyContext, ISchedulingPolicy>>? policies = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(engineFactory);
        options ??= new KvSchedulingOptions();
        KvSchedulingOptionsValidator.ThrowIfInvalid(string.Empty, options);
        KvScheduler scheduler = KvSchedulerFactory.Create(
            string.Empty, "engine", options, engineFactory, PolicyCatalog.Get(options.Policy, policies), loggerFactory, meterFactory, timeProvider ?? TimeProvider.System);
        var host = new KvSchedulerHost(scheduler);
        try
        {
            await scheduler.StartAsync(cancellationToken).ConfigureAwait(false);
            return host;
        }
        catch
        {
            await host.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Refuses new requests, lets the others finish within <see cref="KvSchedulingOptions.ShutdownTimeout"/>, then stops.</summary>
    /// <returns>A task that ends when the loop has stopped.</returns>
    public async ValueTask DisposeAsync()
    {
        _chatClient?.Dispose();
        await _scheduler.DisposeAsync().ConfigureAwait(false);
    }
}
