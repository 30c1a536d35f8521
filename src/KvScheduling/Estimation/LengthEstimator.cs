namespace KvScheduling;

/// <summary>How long an output will be: the caller's hint, else the conditional quantile of past outputs, else the limit.</summary>
/// <remarks>Conditional: only past outputs longer than what the request has generated say something about it.</remarks>
internal sealed class LengthEstimator
{
    /// <summary>With fewer longer outputs than this in a history that is long enough, the estimate grows with the output: half as much again and
    /// <see cref="Margin"/> more.</summary>
    private const int FewSamples = 3;
    private const int Margin = 16;

    /// <summary>Longer outputs count as this long, so that a huge context does not cost memory.</summary>
    private const int LongestCounted = 1 << 18;

    private readonly bool _useLimit;
    private readonly int _minSamples;
    private readonly LengthHistory _history;
    private readonly QuantileTuner _tuner;
    private readonly PrefillPrice _prefillPrice = new();
    private long _freshVersion = -1;
    private double _freshQuantile;
    private int _freshLength;

    public LengthEstimator(LengthEstimationOptions options, KvReservation reservation, int maxContextTokens)
    {
        _useLimit = reservation == KvReservation.Guaranteed;
        _minSamples = options.MinSamples;
        _history = new LengthHistory(options.HistorySize, Math.Min(maxContextTokens, LongestCounted));
        _tuner = new QuantileTuner(options);
    }

    public double Quantile => _tuner.Quantile;

    /// <summary>The output length to plan with: at least one more than generated, at most the limit.</summary>
    public int Estimate(SchedulableRequest request)
    {
        int limit = request.MaxOutputTokens;
        int generated = request.GeneratedTokens;
        if (_useLimit)
        {
            return limit;
        }

        int length = limit;
        if (request.HintedOutputTokens is int hint && hint > generated)
        {
            length = hint;
        }
        else if (_history.Count >= _minSamples)
        {
            length = FromHistory(generated);
        }

        return Math.Min(Math.Max(length, generated + 1), limit);
    }

    /// <summary>An output completed with this length.</summary>
    public void OnCompleted(int outputTokens) => _history.Add(outputTokens);

    /// <summary>A step ran, and computed so many prompt tokens.</summary>
    public void OnStep(long promptTokens, TimeSpan duration) => _prefillPrice.Add(promptTokens, duration);

    /// <summary>This share of the budget stays idle in a step although the head of the line would fit now.</summary>
    public void OnIdle(double share) => _tuner.OnIdle(share);

    /// <summary>An eviction for lack of memory threw away this many computed tokens, which held this share of the budget.</summary>
    /// <remarks>While they are computed again they hold it without a token to show for it, for a step at least, however little prompts cost.</remarks>
    public void OnEviction(long lostTokens, double share) => _tuner.OnEviction((lostTokens * _prefillPrice.StepsPerToken) + share);

    private int FromHistory(int generated)
    {
        if (generated == 0)
        {
            // Most requests ask with nothing generated: one answer serves until history or quantile change.
            if (_freshVersion != _history.Version || _freshQuantile != _tuner.Quantile)
            {
                _freshVersion = _history.Version;
                _freshQuantile = _tuner.Quantile;
                _freshLength = _history.Quantile(_freshQuantile, 0, _history.Count);
            }

            return _freshLength;
        }

        int longer = _history.CountAbove(generated);
        return longer < FewSamples
            ? (int)Math.Min(generated + (generated / 2L) + Margin, int.MaxValue)
            : _history.Quantile(_tuner.Quantile, generated, longer);
    }
}
