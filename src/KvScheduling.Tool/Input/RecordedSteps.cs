using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary>Measured steps, from a decision log or a CSV file; the file's first bytes say which it is.</summary>
internal static class RecordedSteps
{
    /// <exception cref="WrongInput">The file can't be read.</exception>
    /// <exception cref="DecisionLogException">While it is enumerated: a line of the log can't be used.</exception>
    /// <exception cref="WorkloadException">While it is enumerated: a row of the CSV file can't be used.</exception>
    public static IEnumerable<StepTime> Read(string path)
    {
        try
        {
            return DecisionLog.IsOne(path) ? OfLog(path) : StepLog.Read(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new WrongInput($"--log: {error.Message} Give a decision log, or a CSV file of steps.", error);
        }
    }

    private static IEnumerable<StepTime> OfLog(string path)
    {
        using FileStream log = File.OpenRead(path);
        foreach (StepTime step in DecisionLog.Steps(log))
        {
            yield return step;
        }
    }
}
