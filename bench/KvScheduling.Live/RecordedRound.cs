using KvScheduling.Simulation;

namespace KvScheduling.Live;

/// <summary>One run on the real engine.</summary>
/// <param name="Engine">The engine.</param>
/// <param name="Run">What its decision log says.</param>
/// <param name="Steps">Its steps.</param>
/// <param name="IsReplayed">Whether a replay of the log is equal.</param>
internal sealed record RecordedRound(EngineDescription Engine, RecordedRun Run, StepTime[] Steps, bool IsReplayed)
{
    /// <summary>The steps, each with the mean of its times over the rounds; those of the first round where the rounds decided differently.</summary>
    public static IEnumerable<StepTime> MeanSteps(IReadOnlyList<RecordedRound> rounds) =>
        rounds.Any(round => round.Steps.Length != rounds[0].Steps.Length)
            ? rounds[0].Steps
            : rounds[0].Steps.Select((step, i) => step with { Milliseconds = rounds.Average(round => round.Steps[i].Milliseconds) });
}
