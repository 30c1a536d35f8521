using System.Diagnostics;

namespace KvScheduling.ManagedEngine.Bench;

/// <summary>The same requests on the engine's own bare loop and through the scheduler, alternating: what scheduling costs in tokens per second.</summary>
internal static class SchedulerCost
{
    private const int PromptTokens = 32;
    private const int OutputTokens = 224;
    private const int Rounds = 9;

    public static async Task PrintAsync(BenchArguments arguments)
    {
        Console.WriteLine($"Tokens/s of requests with {PromptTokens} prompt and {OutputTokens} output tokens, prefill included; medians of {Rounds} rounds, bare loop and scheduler in turns.");
        Console.WriteLine();
        Console.WriteLine("requests | bare loop | scheduler | cost");
        foreach (int requests in (int[])[1, 8, 32])
        {
            ManagedEngineOptions options = new() { KvCapacityTokens = 32 * 1024, Threads = arguments.Threads, MaxVectorBits = arguments.VectorBits };
            using IInferenceEngine bare = ManagedEngine.Load(arguments.ModelFolder, options);
            await using KvSchedulerHost host = await KvSchedulerHost.StartAsync(() => ManagedEngine.Load(arguments.ModelFolder, options));
            int vocabulary = bare.Description.VocabularySize;
            List<double> bareSpeeds = [];
            List<double> scheduledSpeeds = [];
            for (int round = -1; round < Rounds; round++)
            {
                int[][] prompts = [.. Enumerable.Range(0, requests).Select(i => Prompt((round * requests) + i, vocabulary))];
                double bareSpeed = Speed(requests, Bare(bare, prompts));
                double scheduledSpeed = Speed(requests, await ScheduledAsync(host.Scheduler, prompts));
                if (round >= 0)
                {
                    bareSpeeds.Add(bareSpeed);
                    scheduledSpeeds.Add(scheduledSpeed);
                }
            }

            double bareMedian = Median(bareSpeeds);
            double scheduledMedian = Median(scheduledSpeeds);
            Console.WriteLine($"{requests,8} | {bareMedian,9:F0} | {scheduledMedian,9:F0} | {100 * (1 - (scheduledMedian / bareMedian)),4:F1} %");
        }
    }

    private static double Speed(int requests, double seconds) => requests * OutputTokens / seconds;

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

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
