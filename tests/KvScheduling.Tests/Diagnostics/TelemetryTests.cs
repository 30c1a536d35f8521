using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace KvScheduling.Tests;

public sealed class TelemetryTests
{
    [Fact]
    public async Task Metrics_OneRequest_EveryInstrumentIsEmittedUnderItsName()
    {
        var values = new Dictionary<string, double>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == KvSchedulingDiagnostics.MeterName)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        void Record(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            foreach (KeyValuePair<string, object?> tag in tags)
            {
                if (tag is { Key: MetricNames.Instance, Value: "metered" })
                {
                    lock (values)
                    {
                        values[instrument.Name] = values.GetValueOrDefault(instrument.Name) + value;
                    }
                }
            }
        }

        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Record(instrument, value, tags));
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Record(instrument, value, tags));
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Record(instrument, value, tags));
        listener.Start();
        var services = new ServiceCollection();
        services.AddMetrics();
        services.AddKvScheduling().AddEngine("metered", _ => new ScriptedEngine());
        await using ServiceProvider provider = services.BuildServiceProvider();
        IKvScheduler scheduler = provider.GetRequiredService<IKvScheduler>();
        await scheduler.Submit(TestHost.Request(1)).CompleteAsync();
        Assert.Throws<SchedulingRejectedException>(() => scheduler.Submit(TestHost.Request(1, 100, 100_000)));
        await TestHost.UntilAsync(() => scheduler.GetSnapshot().CompletedRequests == 1);
        listener.RecordObservableInstruments();
        string[] expected =
        [
            MetricNames.RequestDuration, MetricNames.TimeToFirstToken, MetricNames.TimePerOutputToken, MetricNames.Requests, MetricNames.QueueDuration, MetricNames.RequestsRunning,
            MetricNames.RequestsWaiting, MetricNames.TokensWaiting, MetricNames.KvUtilization, MetricNames.KvTokensUsed, MetricNames.KvTokensReserved, MetricNames.KvTokensParked,
            MetricNames.KvTokensCapacity, MetricNames.PrefixQueryTokens, MetricNames.PrefixHitTokens, MetricNames.Evictions, MetricNames.RecomputedTokens, MetricNames.StepDuration,
            MetricNames.StepTokens, MetricNames.StepBatchSize, MetricNames.Decisions,
        ];
        lock (values)
        {
            Assert.Empty(expected.Except(values.Keys));
            Assert.Equal(2, values[MetricNames.Requests]);
            Assert.Equal(4096, values[MetricNames.KvTokensCapacity]);
        }
    }

    [Fact]
    public async Task Traces_OneRequest_IsOneSpanUnderItsCallersAndLeavesTheCallersCurrent()
    {
        var spans = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is KvSchedulingDiagnostics.ActivitySourceName or "caller",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity =>
            {
                lock (spans)
                {
                    spans.Add(activity);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        using var source = new ActivitySource("caller");
        await using KvSchedulerHost host = await TestHost.StartAsync(new ScriptedEngine());
        using (Activity caller = source.StartActivity("caller")!)
        {
            Generation generation = host.Scheduler.Submit(TestHost.Request(1));
            Assert.Same(caller, Activity.Current);
            await generation.CompleteAsync();
            Activity[] own = [];
            await TestHost.UntilAsync(() =>
            {
                // Spans of other tests end meanwhile.
                lock (spans)
                {
                    own = [.. spans.Where(span => span.ParentSpanId == caller.SpanId)];
                }

                return own.Length > 0;
            });
            Activity span = Assert.Single(own);
            Assert.Equal("chat scripted-model", span.DisplayName);
            Assert.Equal(5, span.GetTagItem("gen_ai.usage.output_tokens"));
            Assert.Contains(span.Events, e => e.Name == "scheduled");
        }
    }

    [Fact]
    public async Task Logs_AtEveryLevel_NeverHoldTokens()
    {
        var logs = new ListLoggerProvider();
        using ILoggerFactory factory = LoggerFactory.Create(builder => builder.SetMinimumLevel(LogLevel.Trace).AddProvider(logs));
        var engine = new ScriptedEngine { BeforeStep = step => { if (step == 2) { throw new EngineFaultException("injected"); } } };
        string id;
        await using (KvSchedulerHost host = await KvSchedulerHost.StartAsync(() => engine, loggerFactory: factory))
        {
            int[] prompt = [123, 456, 789, 321];
            Generation generation = host.Scheduler.Submit(new GenerationRequest { PromptTokens = prompt, MaxOutputTokens = 5 });
            id = generation.Id;
            await generation.CompleteAsync();
        }

        Assert.Contains(logs.Lines, line => line.Contains(id, StringComparison.Ordinal));
        Assert.Contains(logs.Lines, line => line.Contains("StartedAsHead", StringComparison.Ordinal));
        Assert.Contains(logs.Lines, line => line.Contains("is ready", StringComparison.Ordinal));
        Assert.Contains(logs.Lines, line => line.Contains("A step failed", StringComparison.OrdinalIgnoreCase));

        // The id is drawn at random and may have these digits.
        IEnumerable<string> withoutId = logs.Lines.Select(line => line.Replace(id, string.Empty, StringComparison.Ordinal));
        Assert.DoesNotContain(withoutId, line => line.Contains("456", StringComparison.Ordinal) || line.Contains("789", StringComparison.Ordinal));
    }

    [Fact]
    public async Task HealthCheck_OverALife_SaysWhatIsTrue()
    {
        bool broken = false;
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddKvScheduling(options => options.MaxEngineRestarts = 0)
            .AddEngine("engine", _ => new ScriptedEngine { BeforeStep = _ => { if (broken) { throw new EngineFaultException("injected", isFatal: true); } } });
        services.AddHealthChecks().AddKvScheduling();
        await using ServiceProvider provider = services.BuildServiceProvider();
        HealthCheckService health = provider.GetRequiredService<HealthCheckService>();
        Assert.Equal(HealthStatus.Unhealthy, (await health.CheckHealthAsync()).Status);
        IKvScheduler scheduler = provider.GetRequiredService<IKvScheduler>();
        await scheduler.StartAsync();
        HealthReport ready = await health.CheckHealthAsync();
        Assert.Equal(HealthStatus.Healthy, ready.Status);
        Assert.Equal(4096L, ready.Entries["kv_scheduling"].Data["kv_budget_tokens"]);
        broken = true;
        await Assert.ThrowsAsync<SchedulingRejectedException>(() => scheduler.Submit(TestHost.Request(1)).CompleteAsync());
        await TestHost.UntilAsync(() => scheduler.GetSnapshot().Status == SchedulerStatus.Faulted);
        Assert.Equal(HealthStatus.Unhealthy, (await health.CheckHealthAsync()).Status);
    }

    [Fact]
    public async Task HealthCheck_LineNearlyFullOrNoProgress_IsDegraded()
    {
        var time = new ManualTimeProvider();
        using var gate = new ManualResetEventSlim();
        var engine = new ScriptedEngine(maxSequences: 1) { BeforeStep = _ => gate.Wait() };
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<TimeProvider>(time);
        services.AddKvScheduling(options => options.MaxQueuedRequests = 10).AddEngine("engine", _ => engine);
        services.AddHealthChecks().AddKvScheduling();
        await using ServiceProvider provider = services.BuildServiceProvider();
        HealthCheckService health = provider.GetRequiredService<HealthCheckService>();
        IKvScheduler scheduler = provider.GetRequiredService<IKvScheduler>();
        List<Task> all = [scheduler.Submit(TestHost.Request(0)).CompleteAsync()];
        await TestHost.UntilAsync(() => engine.Steps == 1);
        Assert.Equal(HealthStatus.Healthy, (await health.CheckHealthAsync()).Status);
        all.AddRange(Enumerable.Range(1, 10).Select(i => scheduler.Submit(TestHost.Request(i)).CompleteAsync()));
        HealthReport full = await health.CheckHealthAsync();
        Assert.Equal(HealthStatus.Degraded, full.Status);
        Assert.Contains("10 of 10", full.Entries["kv_scheduling"].Description, StringComparison.Ordinal);
        gate.Set();
        await Task.WhenAll(all);
    }

    [Fact]
    public async Task Snapshot_NothingRanForTenSeconds_SaysNoSpeed()
    {
        var time = new ManualTimeProvider();
        var engine = new ScriptedEngine { BeforeStep = _ => time.Advance(TimeSpan.FromMilliseconds(100)) };
        await using KvSchedulerHost host = await TestHost.StartAsync(engine, time: time);
        Assert.Equal(0, host.Scheduler.GetSnapshot().TokensPerSecond);
        await host.Scheduler.Submit(TestHost.Request(1)).CompleteAsync();
        await TestHost.UntilAsync(() => host.Scheduler.GetSnapshot() is { RunningRequests: 0, CompletedRequests: 1 });
        Assert.Equal(10, host.Scheduler.GetSnapshot().TokensPerSecond, 1e-6);
        time.Advance(TimeSpan.FromSeconds(9.9));
        Assert.Equal(10, host.Scheduler.GetSnapshot().TokensPerSecond, 1e-6);
        time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal(0, host.Scheduler.GetSnapshot().TokensPerSecond);
    }

    [Fact]
    public async Task Metrics_DecisionLogAtItsSize_CountsTheRecordsThatAreMissing()
    {
        long lost = -1;
        using var listener = new MeterListener
        {
            InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Name == MetricNames.LostLogRecords)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) => lost = tags.ToArray().Contains(new(MetricNames.Instance, "logged")) ? value : lost);
        listener.Start();
        DirectoryInfo folder = Directory.CreateTempSubdirectory("kvsched-metric-");
        try
        {
            var services = new ServiceCollection();
            services.AddMetrics();
            services.AddKvScheduling(options => options.DecisionLog = new DecisionLogOptions { Path = Path.Combine(folder.FullName, "log.jsonl"), MaxBytes = 1 << 16, BufferedRecords = 1 << 16 })
                .AddEngine("logged", _ => new ScriptedEngine(maxSequences: 1));
            await using ServiceProvider provider = services.BuildServiceProvider();
            IKvScheduler scheduler = provider.GetRequiredService<IKvScheduler>();
            await scheduler.Submit(TestHost.Request(1)).CompleteAsync();
            listener.RecordObservableInstruments();
            Assert.Equal(0, lost);
            await scheduler.Submit(TestHost.Request(2, 8, 1000)).CompleteAsync();
            await TestHost.UntilAsync(() =>
            {
                listener.RecordObservableInstruments();
                return lost > 0;
            });
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private sealed class ListLoggerProvider : ILoggerProvider, ILogger
    {
        private readonly List<string> _lines = [];

        public IReadOnlyList<string> Lines
        {
            get
            {
                lock (_lines)
                {
                    return [.. _lines];
                }
            }
        }

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (_lines)
            {
                _lines.Add(formatter(state, exception));
            }
        }

        public void Dispose()
        {
        }
    }
}
