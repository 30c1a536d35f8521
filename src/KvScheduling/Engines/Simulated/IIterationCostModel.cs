namespace KvScheduling;

/// <summary>How long one iteration takes, as a function of what is computed in it.</summary>
/// <remarks>Pure: the same shape always takes the same time. Called once per step and must not allocate.</remarks>
public interface IIterationCostModel
{
    /// <summary>The time of one iteration.</summary>
    /// <param name="shape">What the iteration computes.</param>
    /// <returns>Zero or more.</returns>
    TimeSpan IterationTime(in StepShape shape);
}
