using System.Globalization;

namespace KvScheduling.Samples.BacklogDrain;

/// <summary>The job: each policy on a fresh engine, the same prompts, then the figures side by side.</summary>
internal static class Drain
{
    /// <returns>Whether every prompt has its completion.</returns>
    public static async Task<bool> RunAsync(DrainSettings settings, DrainConsole console, CancellationToken cancellationToken)
    {
        IReadOnlyList<BacklogPrompt> prompts = PromptFile.Read(settings.Input, settings.Column, settings.ExpectedColumn);
        using CompletionFile? file = settings.Output is null ? null : CompletionFile.Create(settings.Output);
        Func<IInferenceEngine> engine = EngineChoice.FactoryOf(settings);
        List<RunFigures> runs = [];
        foreach (string policy in settings.Policies)
        {
            KvSchedulerHost host = await StartAsync(engine, OptionsFor(policy, prompts.Count, settings), cancellationToken);
            await using (host)
            {
                Backlog backlog = new(prompts, host.Scheduler.TextCodec!, settings);
                if (runs.Count == 0)
                {
                    console.WriteLine(Describe(backlog, host.Scheduler, settings));
                    await backlog.WarmUpAsync(host.Scheduler, cancellationToken);
                }

                // The first run writes; what the others would write is the same, which is checked.
                CompletionFile? target = runs.Count == 0 ? file : null;
                Task<RunFigures> Run(IProgress<BacklogProgress> progress) => backlog.RunAsync(host.Scheduler, policy, progress, target, cancellationToken);
                runs.Add(await console.WithProgressAsync(policy, backlog.Count, Run));
            }
        }

        console.WriteTable(runs);
        if (runs.Count > 1)
        {
            console.WriteComparison(runs[0], runs[1]);
        }

        console.WriteLine(
            settings.Output is null ? "The completions were not written; --output FILE writes them." : $"The completions are in {settings.Output}.");
        return runs.TrueForAll(static run => run.Failed == 0);
    }

    private static string Describe(Backlog backlog, IKvScheduler scheduler, DrainSettings settings) => string.Create(
        CultureInfo.InvariantCulture,
        $"{backlog.Count} prompts of {backlog.PromptTokens:N0} tokens; engine {scheduler.Engine.EngineName} ({scheduler.Engine.ModelId}), "
        + $"KV budget {scheduler.GetSnapshot().KvBudgetTokens:N0} tokens, at most {settings.MaxOutputTokens:N0} output tokens each.");

    private static async Task<KvSchedulerHost> StartAsync(Func<IInferenceEngine> engine, KvSchedulingOptions options, CancellationToken cancellationToken)
    {
        try
        {
            return await KvSchedulerHost.StartAsync(engine, options, cancellationToken: cancellationToken);
        }
        catch (InvalidOperationException exception)
        {
            // The budget does not go with the engine.
            throw new WrongInput(exception.Message, exception);
        }
    }

    private static KvSchedulingOptions OptionsFor(string policy, int prompts, DrainSettings settings) => new()
    {
        Policy = policy,
        KvBudgetTokens = settings.KvTokens,

        // All of the backlog is in the line, so that the policy has all of it to choose from.
        MaxQueuedRequests = prompts,
        MaxQueuedTokens = long.MaxValue / 2,

        // Nobody waits for a single answer of a backlog.
        PromoteAfter = null,
        ShutdownTimeout = TimeSpan.Zero,
    };
}
