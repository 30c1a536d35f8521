namespace KvScheduling;

/// <summary>Requests of one kind in the fluid model.</summary>
/// <param name="ArrivalRate">λ: arrivals per second; 0 or more.</param>
/// <param name="Work">What each of them computes.</param>
public readonly record struct FluidType(double ArrivalRate, FluidWork Work)
{
    /// <summary>Requests of known lengths.</summary>
    /// <param name="arrivalRate">λ: arrivals per second; 0 or more.</param>
    /// <param name="promptTokens">l; 1 or more.</param>
    /// <param name="decodeTokens">l'; 0 or more.</param>
    /// <returns>The type.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public static FluidType Of(double arrivalRate, int promptTokens, int decodeTokens) =>
        new(FluidGuard.NotNegative(arrivalRate, nameof(arrivalRate)), FluidWork.Of(promptTokens, decodeTokens));
}
