namespace KvScheduling.Simulation;

/// <summary>Kinds of requests and how often each comes.</summary>
/// <param name="Name">The name in reports.</param>
/// <param name="Kinds">The kinds; at least one, with weights above 0.</param>
public sealed record RequestMix(string Name, IReadOnlyList<RequestKind> Kinds)
{
    /// <summary>Draws one request.</summary>
    internal WorkloadRequest Draw(Random random, TimeSpan arrival)
    {
        double left = random.NextDouble() * Kinds.Sum(static kind => kind.Weight);
        int index = 0;
        while (index < Kinds.Count - 1 && left >= Kinds[index].Weight)
        {
            left -= Kinds[index++].Weight;
        }

        return new WorkloadRequest(arrival, Kinds[index].Prompt.Draw(random), Kinds[index].Output.Draw(random));
    }
}

/// <summary>One kind of request.</summary>
/// <param name="Weight">How often it comes, relative to the others.</param>
/// <param name="Prompt">Its prompt lengths.</param>
/// <param name="Output">Its output lengths.</param>
public sealed record RequestKind(double Weight, LengthDistribution Prompt, LengthDistribution Output);
