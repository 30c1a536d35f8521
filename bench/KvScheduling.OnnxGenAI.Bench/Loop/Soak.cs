using System.Diagnostics;
using System.Globalization;

namespace KvScheduling.OnnxGenAI.Bench;

/// <summary>Many short requests through the scheduler, and the memory on the way.</summary>
internal static class Soak
{
    private const int AtOnce = 64;
    private const int Reports = 10;

    public static async Task PrintAsync(BenchSettings settings, int count)
    {
        using OnnxGenAIModel model = ColumnFactory.Load(settings, "paged", accuracy: 0);
        await using KvSchedulerHost host = await KvSchedulerHost.StartAsync(model.CreateEngine);
        int[][] prompts = Prompts.Create(host.Scheduler.TextCodec!, AtOnce);
        Console.WriteLine("| requests | requests/s | resident MiB | managed heap MiB |");
        Console.WriteLine("| --- | --- | --- | --- |");
        int served = 0;
        while (served < count)
        {
            int share = Math.Min(Math.Max(count / Reports, 1), count - served);
            long start = Stopwatch.GetTimestamp();
            await ServeAsync(host.Scheduler, prompts, served, share);
            served += share;
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            double heap = GC.GetTotalMemory(forceFullCollection: true) / 1048576.0;
            using Process self = Process.GetCurrentProcess();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {served} | {share / seconds:F0} | {self.WorkingSet64 / 1048576.0:F1} | {heap:F2} |"));
        }
    }

    private static async Task ServeAsync(IKvScheduler scheduler, int[][] prompts, int first, int count)
    {
        using SemaphoreSlim places = new(AtOnce);
        List<Task> running = [];
        for (int i = 0; i < count; i++)
        {
            await places.WaitAsync();
            running.RemoveAll(static task => task.IsCompletedSuccessfully);
            running.Add(ServeOneAsync(scheduler.Submit(new GenerationRequest { PromptTokens = prompts[(first + i) % prompts.Length], MaxOutputTokens = 1 + (i % 2) }), places));
        }

        await Task.WhenAll(running);
    }

    private static async Task ServeOneAsync(Generation generation, SemaphoreSlim places)
    {
        await generation.CompleteAsync();
        places.Release();
    }
}
