using System.Globalization;

namespace KvScheduling.OnnxGenAI.Bench;

/// <summary>Kills the native engine in the middle of a burst and prints what that costs.</summary>
internal static class Recovery
{
    private const int Rounds = 5;

    public static async Task PrintAsync(BenchSettings settings)
    {
        using OnnxGenAIModel model = ColumnFactory.Load(settings, "paged", accuracy: 0);
        Console.WriteLine("A token id outside the vocabulary is smuggled past the checks as soon as all requests generate, which ends the native engine with every request in it.");
        Console.WriteLine();
        Console.WriteLine("| requests | fault to a new engine ms | to the first token ms | to a token of every request ms | same tokens as undisturbed |");
        Console.WriteLine("| --- | --- | --- | --- | --- |");
        foreach (int requests in settings.Requests)
        {
            List<(double Built, double First, double All, bool IsSame)> rounds = [];
            for (int round = 0; round < Rounds; round++)
            {
                rounds.Add(await RunAsync(model, requests, settings.OutputTokens));
            }

            (double built, double first, double all, bool _) = rounds.OrderBy(static round => round.All).ElementAt(Rounds / 2);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"| {requests} | {1e3 * built:F1} | {1e3 * first:F1} | {1e3 * all:F1} | {(rounds.TrueForAll(static round => round.IsSame) ? "yes" : "no")} |"));
        }
    }

    private static async Task<(double Built, double First, double All, bool IsSame)> RunAsync(OnnxGenAIModel model, int requests, int outputTokens)
    {
        FaultClock clock = new(requests);
        await using ScheduledColumn undisturbed = await ScheduledColumn.StartAsync(model.CreateEngine, null);
        int[][] prompts = Prompts.Create(undisturbed.TextCodec, requests);
        Round expected = await undisturbed.RunAsync(prompts, outputTokens);
        await using ScheduledColumn disturbed = await ScheduledColumn.StartAsync(() => clock.Watch((PagedEngine)model.CreateEngine()), null);
        Round actual = await disturbed.RunAsync(prompts, outputTokens);
        if (clock.AllTokens == 0)
        {
            throw new InvalidOperationException("The engine was to die with all requests in it, but they never generated all at once: their answers are too short.");
        }

        return (clock.Built, clock.FirstToken, clock.AllTokens, actual.Fingerprint == expected.Fingerprint);
    }
}
