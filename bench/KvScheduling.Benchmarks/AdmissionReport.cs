using System.Diagnostics;

namespace KvScheduling.Benchmarks;

/// <summary>What an admission costs, apart from everything else that a step does: finding the head of a long line, checking its forward peak, starting it.</summary>
/// <remarks>Not a benchmark of the usual kind, because only the planning of each step is timed: that 64 of 256 requests end in between is not part of an admission.</remarks>
internal static class AdmissionReport
{
    private const int Running = 256;
    private const int StartsPerPlan = 64;
    private const int WarmUpPlans = 2_000;
    private const int Plans = 4_000;

    private static readonly string[] Policies = [SchedulingPolicies.Fcfs, SchedulingPolicies.SmallestVolumeFirst, SchedulingPolicies.SortedF, SchedulingPolicies.Adaptive];

    public static void Print(TextWriter output)
    {
        output.WriteLine($"Microseconds per admission: plans that start {StartsPerPlan} requests beside {Running - StartsPerPlan} running ones, mean of {Plans} plans and the 99.9th percentile of a plan, per start.");
        output.WriteLine("drain: nobody joins the line. stream: as many join before each plan as it starts; joining is not counted, planning anew is.");
        output.WriteLine();
        output.WriteLine("policy        waiting | drain mean   p99.9 | stream mean   p99.9 | bytes allocated");
        foreach (string policy in Policies)
        {
            foreach (int waiting in (int[])[1_000, 10_000, 100_000, 1_000_000])
            {
                (double[] drain, long drainBytes) = Measure(policy, waiting, stream: false);
                (double[] stream, long streamBytes) = Measure(policy, waiting, stream: true);
                output.WriteLine(
                    $"{policy,-10} {waiting,10} | {drain.Average(),10:F2} {High(drain),7:F2} | {stream.Average(),11:F2} {High(stream),7:F2} | {drainBytes + streamBytes}");
            }
        }
    }

    private static double High(double[] sorted) => sorted[(int)(sorted.Length * 0.999)];

    private static (double[] Sorted, long Bytes) Measure(string policy, int waiting, bool stream)
    {
        CoreBench bench = new(policy, Running, CoreBench.AmpleKv);
        bench.Enqueue(Running + waiting);
        bench.Plan();
        double[] samples = new double[Plans];
        int refill = stream ? StartsPerPlan : Math.Max(4 * StartsPerPlan, waiting / 8);
        long bytes = 0;
        for (int plan = -WarmUpPlans; plan < Plans;)
        {
            bench.Complete(StartsPerPlan);
            bool joins = bench.Core.WaitingCount < waiting;
            if (joins)
            {
                bench.Enqueue(refill);
            }

            long allocated = GC.GetAllocatedBytesForCurrentThread();
            long start = Stopwatch.GetTimestamp();
            int started = bench.Plan();
            double microseconds = Stopwatch.GetElapsedTime(start).TotalMicroseconds / started;
            allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;

            // In a drained line the plan that follows the refill belongs to the stream.
            if (stream || !joins)
            {
                if (plan >= 0)
                {
                    samples[plan] = microseconds;
                    bytes += allocated;
                }

                plan++;
            }
        }

        Array.Sort(samples);
        return (samples, bytes);
    }
}
