namespace KvScheduling;

/// <summary>Tokens per second of busy time, over about the last ten seconds of it.</summary>
internal sealed class LoopSpeed
{
    /// <summary>After this long without a step, speeds are of the past.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(WindowSeconds);

    private const double WindowSeconds = 10;

    private double _seconds;
    private double _computed;
    private double _output;

    /// <summary>Prefill and decode tokens per second; 0 before the first step.</summary>
    public double ComputedTokensPerSecond => _seconds > 0 ? _computed / _seconds : 0;

    /// <summary>Generated tokens per second; 0 before the first step.</summary>
    public double OutputTokensPerSecond => _seconds > 0 ? _output / _seconds : 0;

    /// <summary>When the last step ended, on the scheduler's clock.</summary>
    public TimeSpan LastStepAt { get; private set; }

    public void Add(TimeSpan step, long computedTokens, long outputTokens, TimeSpan now)
    {
        LastStepAt = now;
        double seconds = Math.Max(step.TotalSeconds, 1e-9);
        double keep = Math.Exp(-seconds / WindowSeconds);
        _seconds = (_seconds * keep) + seconds;
        _computed = (_computed * keep) + computedTokens;
        _output = (_output * keep) + outputTokens;
    }
}
