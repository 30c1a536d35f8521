namespace KvScheduling.Simulation.Tests;

/// <summary>A live scheduler over the simulated engine that writes its decision log.</summary>
internal static class RecordedLoop
{
    /// <summary>Bounds a hang.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    /// <summary>Runs requests to their ends; some are given up, some have a deadline, a tenant, a priority or a hint, and prompts share beginnings.</summary>
    /// <returns>The log.</returns>
    public static async Task<byte[]> RunAsync(string policy, Action<KvSchedulingOptions, SimulatedEngineOptions>? configure = null, int requests = 120)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("kvsched-log-");
        try
        {
            string path = Path.Combine(folder.FullName, "decisions.jsonl");
            var options = new KvSchedulingOptions
            {
                Policy = policy,
                CheckInvariants = true,
                MaxQueuedTokens = 1_000_000,
                StallTimeout = Longest,
                ShutdownTimeout = Longest,
                LengthEstimation = { MinSamples = 10 },
                DecisionLog = { Path = path, BufferedRecords = 1 << 20, StopGrace = Longest },
            };
            var engine = new SimulatedEngineOptions { KvCapacityTokens = 1024, MaxContextTokens = 512, MaxSequences = 24, Speed = 50, TypicalOutputTokens = 30, OutputLengthSpread = 0.9 };
            configure?.Invoke(options, engine);
            var pace = new CallerPace(requests);
            await using (KvSchedulerHost host = await KvSchedulerHost.StartAsync(() => new PacedEngine(new SimulatedEngine(engine), pace), options))
            {
                await Task.WhenAll(Enumerable.Range(0, requests).Select(i => AskAsync(host.Scheduler, pace, i)));
            }

            return await File.ReadAllBytesAsync(path);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    public static ReplayResult Replay(byte[] log) => DecisionLog.Replay(new MemoryStream(log));

    private static async Task AskAsync(IKvScheduler scheduler, CallerPace pace, int index)
    {
        await Task.Yield();
        var request = new GenerationRequest
        {
            PromptTokens = Enumerable.Range(0, CallerPace.PromptTokens(index)).Select(i => (i < 48 ? index % 3 : index) + i).ToArray(),
            MaxOutputTokens = 80,
            Hints = new SchedulingHints
            {
                Tenant = index % 4 == 0 ? null : "tenant " + (index % 4),
                Priority = index % 7 == 0 ? 1 : 0,
                ExpectedOutputTokens = index % 2 == 0 ? 8 : null,
                Deadline = index % 11 == 0 ? TimeSpan.FromMilliseconds(5) : null,
            },
        };
        try
        {
            await using Generation generation = Submit(scheduler, pace, request);
            await foreach (GeneratedToken token in generation)
            {
                if (token.Index != CallerPace.ActsAt(index))
                {
                    continue;
                }

                if (CallerPace.Cancels(index))
                {
                    generation.Cancel();
                }
                else
                {
                    generation.Finish();
                }

                pace.OnActed(index);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SchedulingRejectedException or EngineFaultException)
        {
            // Refusals, cancellations and faults are part of what is recorded.
        }
        finally
        {
            pace.OnActed(index);
        }
    }

    private static Generation Submit(IKvScheduler scheduler, CallerPace pace, GenerationRequest request)
    {
        try
        {
            return scheduler.Submit(request);
        }
        finally
        {
            pace.OnSubmitted();
        }
    }
}
