namespace KvScheduling;

/// <summary>Tunes the quantile of length estimates until what too careful estimates cost and what too optimistic ones cost is the same.</summary>
/// <remarks>
/// <para>Both are measured in steps. KV that stays idle in a step although the head of the line would fit now costs its share of that step: with the KV in use, so much less would be left to do.
/// An eviction costs the steps that computing its tokens again takes (<see cref="PrefillPrice"/>), and the KV that they hold meanwhile. Idle KV lowers the quantile, evictions raise it, both by <see cref="Gain"/> per step lost.</para>
/// <para>Why this is stable: a higher quantile makes more idle KV and fewer evictions, so there is one quantile where the two balance, and on either side of it the sum of all moves leads back.
/// Where nobody waits, idle KV costs nothing and the quantile stays. With requests that are small beside the pool the balance is near the median; with few in the pool chance decides
/// who ends when, optimism pays, and it is far below.</para>
/// <para>The rule is ours; that quantiles of history pay under a forward peak is Past-Future scheduling (arXiv 2507.10150).</para>
/// </remarks>
internal sealed class QuantileTuner
{
    /// <summary>By how much the quantile moves for one step lost: slow beside the tens of steps in which evictions answer, quick beside the thousands in which a line builds up.</summary>
    private const double Gain = 0.003;

    /// <summary>The most that one eviction moves it: a single long prompt says little about the others.</summary>
    private const double LargestMove = 0.05;

    private readonly double _lowest;
    private readonly double _highest;

    public QuantileTuner(LengthEstimationOptions options)
    {
        _lowest = options.MinQuantile;
        _highest = options.MaxQuantile;
        Quantile = Math.Clamp(options.Quantile, _lowest, _highest);
    }

    /// <summary>The quantile that estimates use now.</summary>
    public double Quantile { get; private set; }

    /// <summary>A step leaves KV idle although the head of the line would fit now.</summary>
    /// <param name="share">The idle share of the budget, from 0 to 1.</param>
    public void OnIdle(double share) => Quantile = Math.Max(_lowest, Quantile - (Gain * share));

    /// <summary>An eviction for lack of memory threw computed tokens away.</summary>
    /// <param name="steps">The steps that computing them again takes.</param>
    public void OnEviction(double steps) => Quantile = Math.Min(_highest, Quantile + Math.Min(Gain * steps, LargestMove));
}
