using System.Diagnostics;

namespace KvScheduling.ManagedEngine.Bench;

/// <summary>The same requests on the engine's own bare loop and through the scheduler, in turns on one engine: what scheduling costs in tokens per second.</summary>
internal static class SchedulerCost
{
    private const int PromptTokens = 32;
    private const int OutputTokens = 224;
    private const int Rounds = 15;

    /// <summary>Time for the loop to free the slots of requests that have ended, before the bare loop uses the same engine.</summary>
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(50);

    public static async Task PrintAsync(BenchArguments arguments)
    {
        Console.WriteLine($"Tokens/s of requests with {PromptTokens} prompt and {OutputTokens} output tokens, prefill included: bare loop and scheduler in turns, {Rounds} times.");
        Console.WriteLine("cost: the median over the pairs. Best: the cost of the best scheduled run against the best bare one.");
        Console.WriteLine();
        Console.WriteLine("weights    requests | bare loop | scheduler |   cost |   best");
        foreach (WeightFormat format in arguments.Formats)
        {
            foreach (int requests in (int[])[1, 8, 32])
            {
                Console.WriteLine($"{format,-10} {requests,8} {await RowAsync(arguments, format, requests)}");
            }
        }
    }

    private static async Task<string> RowAsync(BenchArguments arguments, WeightFormat format, int requests)
    {
        ManagedEngineOptions options = new() { KvCapacityTokens = 32 * 1024, WeightFormat = format, Threads = arguments.Threads, MaxVectorBits = arguments.VectorBits };
        IInferenceEngine engine = ManagedEngine.Load(arguments.ModelFolder, options);
        await using KvSchedulerHost host = await KvSchedulerHost.StartAsync(() => engine, new KvSchedulingOptions { MaxParkedSequences = 0 });
        List<double> bareSpeeds = [];
        List<double> scheduledSpeeds = [];
        for (int round = -1; round < Rounds; round++)
        {
            int[][] prompts = [.. Enumerable.Range(0, requests).Select(i => Prompt((round * requests) + i, engine.Description.VocabularySize))];
            double bareSpeed = Speed(requests, Bare(engine, prompts));
            double scheduledSpeed = Speed(requests, await ScheduledAsync(host.Scheduler, prompts));
            await Task.Delay(Settle);
            if (round >= 0)
            {
                bareSpeeds.Add(bareSpeed);
                scheduledSpeeds.Add(scheduledSpeed);
            }
        }

        double cost = Median(bareSpeeds.Zip(scheduledSpeeds, (bare, scheduled) => 100 * (1 - (scheduled / bare))));
        double best = 100 * (1 - (scheduledSpeeds.Max() / bareSpeeds.Max()));
        return $"| {Median(bareSpeeds),9:F0} | {Median(scheduledSpeeds),9:F0} | {cost,4:F1} % | {best,4:F1} %";
    }

    private static double Speed(int requests, double seconds) => requests * OutputTokens / seconds;

    private static double Median(IEnumerable<double> values) => values.Order().ElementAt(Rounds / 2);

    private static int[] Prompt(int seed, int vocabulary)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, PromptTokens).Select(_ => random.Next(vocabulary))];
    }

    private static double Bare(IInferenceEngine engine, int[][] prompts)
    {
        StepItem[] plan = new StepItem[prompts.Length];
        StepEvent[] events = new StepEvent[engine.Description.MaxSequences];
        long start = Stopwatch.GetTimestamp();
        for (int slot = 0; slot < prompts.Length; slot++)
        {
            engine.Start(new SequenceStart { Slot = slot, Prompt = prompts[slot], MaxTotalTokens = PromptTokens + OutputTokens, Sampling = SamplingSettings.Greedy });
        }

        // As many whole prompts a step as the engine takes, then everybody's next token.
        int perStep = Math.Max(1, engine.Description.MaxStepTokens / PromptTokens);
        for (int first = 0; first < plan.Length; first += perStep)
        {
            int count = Math.Min(perStep, plan.Length - first);
            for (int i = 0; i < count; i++)
            {
                plan[i] = new StepItem(first + i, PromptTokens);
            }

            engine.RunStep(plan.AsSpan(0, count), events);
        }

        for (int slot = 0; slot < plan.Length; slot++)
        {
            plan[slot] = new StepItem(slot, 1);
        }

        for (int step = 1; step < OutputTokens; step++)
        {
            engine.RunStep(plan, events);
        }

        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        for (int slot = 0; slot < plan.Length; slot++)
        {
            engine.Remove(slot);
        }

        return seconds;
    }

    private static async Task<double> ScheduledAsync(IKvScheduler scheduler, int[][] prompts)
    {
        long start = Stopwatch.GetTimestamp();
        Generation[] generations = [.. prompts.Select(prompt => scheduler.Submit(new GenerationRequest { PromptTokens = prompt, MaxOutputTokens = OutputTokens, IgnoreEndTokens = true }))];
        await Task.WhenAll(generations.Select(generation => generation.CompleteAsync()));
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
