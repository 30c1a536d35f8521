namespace KvScheduling;

/// <summary>How output lengths are estimated from past ones.</summary>
/// <remarks>The quantile tunes itself until KV kept idle by reservations, while the head of the line would fit, costs as many steps as computing evicted tokens again.</remarks>
public sealed class LengthEstimationOptions
{
    /// <summary>The quantile of past outputs longer than what the request has generated that an estimate starts from.</summary>
    /// <value>From 0.05 to 0.99. The default value is 0.3.</value>
    public double Quantile { get; set; } = 0.3;

    /// <summary>The lowest quantile that self-tuning goes to.</summary>
    /// <value>From 0.05 to <see cref="Quantile"/>. The default value is 0.05.</value>
    public double MinQuantile { get; set; } = 0.05;

    /// <summary>The highest quantile that self-tuning goes to.</summary>
    /// <value>From <see cref="Quantile"/> to 0.99. The default value is 0.8.</value>
    public double MaxQuantile { get; set; } = 0.8;

    /// <summary>How many past outputs are kept.</summary>
    /// <value>From 50 to 1,000,000. The default value is 1000.</value>
    public int HistorySize { get; set; } = 1000;

    /// <summary>With fewer past outputs than this the limit is the estimate.</summary>
    /// <value>At least 3. The default value is 3.</value>
    public int MinSamples { get; set; } = 3;
}
