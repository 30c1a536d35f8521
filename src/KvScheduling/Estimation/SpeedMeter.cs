namespace KvScheduling;

/// <summary>The smoothed duration of a step.</summary>
internal sealed class SpeedMeter
{
    private const double Weight = 0.1;
    private bool _measured;

    /// <summary>Seconds per step, exponentially smoothed; 0 before the first.</summary>
    public double MeanStepSeconds { get; private set; }

    public void Add(TimeSpan step)
    {
        double seconds = Math.Max(step.TotalSeconds, 0);
        MeanStepSeconds = _measured ? MeanStepSeconds + (Weight * (seconds - MeanStepSeconds)) : seconds;
        _measured = true;
    }
}
