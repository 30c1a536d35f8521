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
}
