namespace KvScheduling;

/// <summary>Tunes the quantile of length estimates on the share of tokens that are computed again: too optimistic estimates evict, too careful ones leave
/// memory idle.</summary>
/// <remarks>
/// Above the target share the quantile rises at once, with every eviction and by <see cref="Raise"/>; below, it falls slowly, by <see cref="Lower"/> per
/// <see cref="Interval"/> steps.
/// The share is taken over exponentially forgotten tokens. Source of the rule: forward-peak admission with a self-tuned history quantile, after Past-Future
/// scheduling (arXiv 2507.10150).
/// </remarks>
internal sealed class QuantileTuner
{
    private const int Interval = 64;
    private const double Raise = 0.02;
    private const double Lower = 0.005;
    private const double Memory = 0.9;

    private readonly double _lowest;
    private readonly double _highest;
    private readonly double _target;
    private double _computed;
    private double _lost;
    private int _steps;

    public QuantileTuner(LengthEstimationOptions options)
    {
        _lowest = options.MinQuantile;
        _highest = options.MaxQuantile;
        _target = options.TargetRecomputeShare;
        Quantile = Math.Clamp(options.Quantile, _lowest, _highest);
    }

    /// <summary>The quantile that estimates use now.</summary>
    public double Quantile { get; private set; }

    /// <summary>The share of lost among computed tokens, lately.</summary>
    public double RecomputeShare => _computed > 0 ? _lost / _computed : 0;

    /// <summary>A step computed this many tokens.</summary>
    public void OnStep(long computedTokens)
    {
        _computed += computedTokens;
        if (++_steps < Interval)
        {
            return;
        }

        _steps = 0;
        if (RecomputeShare <= _target)
        {
            Quantile = Math.Max(_lowest, Quantile - Lower);
        }

        _computed *= Memory;
        _lost *= Memory;
    }

    /// <summary>An eviction for lack of memory threw away this many computed tokens.</summary>
    public void OnEviction(long lostTokens)
    {
        _lost += lostTokens;
        if (RecomputeShare > _target)
        {
            Quantile = Math.Min(_highest, Quantile + Raise);
        }
    }
}
