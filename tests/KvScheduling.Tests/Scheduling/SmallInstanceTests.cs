namespace KvScheduling.Tests;

/// <summary>Backlogs small enough to know the optimum: bounds and guarantees hold for what the scheduler really does.</summary>
public sealed class SmallInstanceTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Drain_RandomBacklog_StaysBetweenBoundsAndGuarantee(int seed)
    {
        var random = new Random(seed);
        for (int instance = 0; instance < 25; instance++)
        {
            int kv = 10 + random.Next(15);
            (int Prompt, int Output)[] sizes = Enumerable.Range(0, 5).Select(i =>
                random.Next(2) == 0 ? (1 + random.Next(3), 1 + random.Next(6)) : (5 + random.Next(kv - 8), 1 + random.Next(3))).ToArray();
            long optimum = Optimum(kv, sizes);
            Assert.True(Math.Max(VolumeBound(kv, sizes), sizes.Sum(size => size.Output)) <= optimum);
            foreach (string policy in Policies.All)
            {
                Backlog backlog = Backlog.Drain(policy, kv, sizes);
                Assert.True(backlog.TotalLatency >= optimum, $"{policy} beats the optimum.");
                AssertWithinBudget(kv, sizes, backlog.StartRounds);
                double alpha = sizes.Max(size => size.Prompt + size.Output) / (double)kv;
                if (policy == SchedulingPolicies.SmallestVolumeFirst && alpha < 1)
                {
                    Assert.True(backlog.TotalLatency <= (1 + (2 / (1 - alpha))) * optimum);
                }

                if (policy == SchedulingPolicies.SortedF)
                {
                    Assert.True(backlog.TotalLatency <= 48 * optimum);
                }
            }
        }
    }

    [Fact]
    public void Drain_ManyRandomBacklogs_SizeAwareOrdersComeCloserToTheOptimum()
    {
        var random = new Random(9);
        Dictionary<string, double> sums = Policies.All.ToDictionary(name => name, _ => 0.0);
        const int Instances = 40;
        for (int instance = 0; instance < Instances; instance++)
        {
            int kv = 10 + random.Next(15);
            (int Prompt, int Output)[] sizes = Enumerable.Range(0, 5).Select(i =>
                random.Next(2) == 0 ? (1 + random.Next(3), 1 + random.Next(6)) : (5 + random.Next(kv - 8), 1 + random.Next(3))).ToArray();
            long optimum = Optimum(kv, sizes);
            foreach (string policy in Policies.All)
            {
                sums[policy] += Backlog.Drain(policy, kv, sizes).TotalLatency / (double)optimum;
            }
        }

        Assert.InRange(sums[SchedulingPolicies.SortedF] / Instances, 1, 1.12);
        Assert.True(sums[SchedulingPolicies.SortedF] < sums[SchedulingPolicies.ShortestOutputFirst]);
        Assert.True(sums[SchedulingPolicies.SmallestVolumeFirst] < sums[SchedulingPolicies.ShortestOutputFirst]);
        Assert.True(sums[SchedulingPolicies.ShortestOutputFirst] < sums[SchedulingPolicies.Fcfs]);
    }

    private static void AssertWithinBudget(int kv, (int Prompt, int Output)[] sizes, int[] starts)
    {
        for (int t = 1; t <= 100; t++)
        {
            int held = sizes.Select((size, i) => t > starts[i] && t <= starts[i] + size.Output ? size.Prompt + t - starts[i] : 0).Sum();
            Assert.True(held <= kv, $"Round {t} holds {held} of {kv}.");
        }
    }

    private static double VolumeBound(int kv, (int Prompt, int Output)[] sizes)
    {
        long sum = 0;
        long prefix = 0;
        foreach (long volume in sizes.Select(size => RequestSize.Volume(size.Prompt, size.Output)).Order())
        {
            prefix += volume;
            sum += prefix;
        }

        return (double)sum / kv;
    }

    /// <summary>Depth first over start rounds, with the sum of outputs still to come as the bound.</summary>
    private static long Optimum(int kv, (int Prompt, int Output)[] sizes)
    {
        int horizon = sizes.Sum(size => size.Output);
        int[] held = new int[horizon + 1];
        long best = long.MaxValue;
        Search(0, 0);
        return best;

        void Search(int index, long latency)
        {
            if (index == sizes.Length)
            {
                best = Math.Min(best, latency);
                return;
            }

            (int prompt, int output) = sizes[index];
            long rest = sizes.Skip(index + 1).Sum(size => (long)size.Output);
            for (int start = 0; start + output <= horizon && latency + start + output + rest < best; start++)
            {
                bool fits = true;
                for (int t = 1; t <= output && fits; t++)
                {
                    fits = held[start + t] + prompt + t <= kv;
                }

                if (fits)
                {
                    for (int t = 1; t <= output; t++)
                    {
                        held[start + t] += prompt + t;
                    }

                    Search(index + 1, latency + start + output);
                    for (int t = 1; t <= output; t++)
                    {
                        held[start + t] -= prompt + t;
                    }
                }
            }
        }
    }
}
