namespace KvScheduling;

/// <summary>
/// Every iteration takes the same time, whatever it computes: the rounds in which the scheduling literature counts (MC-SF, arXiv 2502.07115; Sorted-F, arXiv
/// 2508.06133).
/// </summary>
public sealed class UnitCostModel : IIterationCostModel
{
    private readonly TimeSpan _round;

    /// <summary>Creates the model.</summary>
    /// <param name="round">The time of one iteration; zero or more.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="round"/> is negative.</exception>
    public UnitCostModel(TimeSpan round)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(round, TimeSpan.Zero);
        _round = round;
    }

    /// <summary>One second per iteration, so that times read as rounds.</summary>
    public static UnitCostModel Rounds { get; } = new(TimeSpan.FromSeconds(1));

    /// <summary>No time at all: what is left is the cost of scheduling.</summary>
    public static UnitCostModel Free { get; } = new(TimeSpan.Zero);

    /// <inheritdoc/>
    public TimeSpan IterationTime(in StepShape shape) => _round;
}
