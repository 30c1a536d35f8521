using System.Diagnostics;

namespace KvScheduling.OnnxGenAI.FaultHost;

/// <summary>Many short requests through the scheduler; prints by how many bytes process and heap grew in each tenth of the second half.</summary>
internal static class MemorySoak
{
    private const int AtOnce = 32;
    private const int MaxOutputTokens = 2;
    private const int Parts = 10;

    public static async Task RunAsync(string native, string folder, int requests)
    {
        using OnnxGenAIModel model = OnnxGenAIModel.Load(folder, new OnnxGenAIEngineOptions { NativeFolder = native });
        await using KvSchedulerHost host = await KvSchedulerHost.StartAsync(model.CreateEngine);
        await ServeAsync(host.Scheduler, 0, requests / 2);
        (long resident, long heap) = Measure();
        for (int part = Parts / 2; part < Parts; part++)
        {
            await ServeAsync(host.Scheduler, requests / Parts * part, requests / Parts * (part + 1));
            (long residentAfter, long heapAfter) = Measure();
            Console.WriteLine(FormattableString.Invariant($"grown: {residentAfter - resident} {heapAfter - heap}"));
            (resident, heap) = (residentAfter, heapAfter);
        }

        Console.WriteLine(FormattableString.Invariant($"{requests} requests, {resident >> 20} MiB resident"));
    }

    private static async Task ServeAsync(IKvScheduler scheduler, int first, int end)
    {
        Queue<Generation> running = new();
        for (int i = first; i < end; i++)
        {
            if (running.Count == AtOnce)
            {
                await running.Dequeue().CompleteAsync();
            }

            running.Enqueue(scheduler.Submit(new GenerationRequest { PromptTokens = new[] { 20 + (i % 900), 30, 40 + (i % 7) }, MaxOutputTokens = 1 + (i % MaxOutputTokens) }));
        }

        while (running.TryDequeue(out Generation? last))
        {
            await last.CompleteAsync();
        }
    }

    private static (long Resident, long Heap) Measure()
    {
        long heap = GC.GetTotalMemory(forceFullCollection: true);
        using Process self = Process.GetCurrentProcess();
        return (self.WorkingSet64, heap);
    }
}
