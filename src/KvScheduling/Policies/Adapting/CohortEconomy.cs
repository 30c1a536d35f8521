namespace KvScheduling;

/// <summary>Whether forming cohorts pays, and how large they should be.</summary>
/// <remarks>
/// A step with a prompt costs F seconds beside its tokens, and everybody who runs waits for it. k prompts that start one by one cost k such steps, together one: a cohort saves (k − 1) F for each of B
/// that run. Gathering k at rate λ costs its members k(k − 1) / (2λ) of waiting. Per second that gains g(k) = (k − 1)(λ F B / k − 1/2), greatest near k = √(2 λ F B), and nothing where no k ≥ 2 has
/// g(k) &gt; 0: at light load, on engines that mix prompts into steps for free, or when few run. Everything is linear in what was measured; the rule is ours.
/// </remarks>
internal static class CohortEconomy
{
    private const int Largest = 256;

    /// <summary>What must be gained, in waiting requests saved on average, so that noise in the measurements does not hold anybody.</summary>
    private const double Margin = 0.5;

    /// <summary>The cohort to form; 1: none.</summary>
    /// <param name="arrivalsPerSecond">λ.</param>
    /// <param name="prefillExtraSeconds">F.</param>
    /// <param name="running">B.</param>
    public static int Size(double arrivalsPerSecond, double prefillExtraSeconds, double running)
    {
        double product = arrivalsPerSecond * prefillExtraSeconds * running;
        int below = (int)Math.Clamp(Math.Floor(Math.Sqrt(2 * product)), 1, Largest - 1);
        int best = Gain(below + 1, product) > Gain(below, product) ? below + 1 : below;
        return Gain(best, product) > Margin ? best : 1;
    }

    private static double Gain(int k, double product) => (k - 1) * ((product / k) - 0.5);
}
