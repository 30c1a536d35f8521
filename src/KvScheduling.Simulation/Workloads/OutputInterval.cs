namespace KvScheduling.Simulation;

/// <summary>What is known of an output length before it is generated: it lies between two ends, both included.</summary>
/// <param name="Least">The lower end in tokens, at least 1.</param>
/// <param name="Most">The upper end in tokens, at least <paramref name="Least"/>.</param>
public readonly record struct OutputInterval(int Least, int Most);
