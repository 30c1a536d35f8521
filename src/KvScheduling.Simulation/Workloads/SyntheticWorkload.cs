namespace KvScheduling.Simulation;

/// <summary>Workloads drawn from a mix and an arrival process.</summary>
public static class SyntheticWorkload
{
    /// <summary>Draws a workload. The same arguments give the same requests; lengths do not depend on the arrival process.</summary>
    /// <param name="mix">The kinds of requests.</param>
    /// <param name="arrivals">When they arrive.</param>
    /// <param name="count">How many; zero or more.</param>
    /// <param name="seed">The seed.</param>
    /// <returns>The requests, drawn as they are asked for.</returns>
    public static IEnumerable<WorkloadRequest> Draw(RequestMix mix, ArrivalProcess arrivals, long count, int seed)
    {
        ArgumentNullException.ThrowIfNull(mix);
        ArgumentNullException.ThrowIfNull(arrivals);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return Requests();

        IEnumerable<WorkloadRequest> Requests()
        {
            var lengths = new Random(seed);
            long drawn = 0;
            foreach (TimeSpan time in arrivals.Times(new Random(seed ^ 0x5DEECE6)))
            {
                if (drawn++ == count)
                {
                    yield break;
                }

                yield return mix.Draw(lengths, time);
            }
        }
    }

    /// <summary>Draws a backlog whose optimum can be found: thin requests (1 to 3 prompt, 1 to 6 output tokens) and wide ones (from 5 prompt tokens to 2 below the budget, 1 to 4
    /// output tokens), half and half, and a budget of 10 to 24 tokens.</summary>
    /// <param name="random">Where the lengths come from.</param>
    /// <param name="count">How many requests; zero or more.</param>
    /// <returns>The requests, and the KV budget in tokens.</returns>
    public static (WorkloadRequest[] Requests, int KvTokens) DrawSmallBacklog(Random random, int count)
    {
        ArgumentNullException.ThrowIfNull(random);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        int kvTokens = random.Next(10, 25);
        var requests = new WorkloadRequest[count];
        for (int i = 0; i < count; i++)
        {
            bool isThin = random.Next(2) == 0;
            int prompt = isThin ? random.Next(1, 4) : random.Next(5, kvTokens - 1);
            int output = isThin ? random.Next(1, 7) : random.Next(1, Math.Min(4, kvTokens - prompt) + 1);
            requests[i] = new WorkloadRequest(TimeSpan.Zero, prompt, output);
        }

        return (requests, kvTokens);
    }
}
