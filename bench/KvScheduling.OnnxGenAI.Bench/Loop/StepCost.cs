using System.Globalization;

namespace KvScheduling.OnnxGenAI.Bench;

/// <summary>The scheduler and a bare native loop on one loaded model in one process, in turns.</summary>
internal static class StepCost
{
    public static async Task PrintAsync(BenchSettings settings)
    {
        Console.WriteLine($"{settings.OutputTokens} output tokens at most for each request, greedy; {settings.Rounds} pairs of rounds on one loaded model, after one to warm up. Ratio: tokens/s of the scheduler over the bare loop's, the median of the pairs.");
        Console.WriteLine("native: a step inside the library. binding: the same step around it. loop: from the end of a step to the next, callers' wake-ups included. Medians over all steps.");
        foreach (int accuracy in settings.Accuracies)
        {
            Console.WriteLine();
            Console.WriteLine($"accuracy level {accuracy} ({BenchSettings.GraphOf(accuracy)})");
            Console.WriteLine();
            Console.WriteLine("| requests | bare tokens/s (best) | scheduler (best) | ratio of bests | ratio | native steps a round, bare | scheduler | native ms | binding µs | loop µs | bytes a step |");
            Console.WriteLine("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
            using OnnxGenAIModel model = ColumnFactory.Load(settings, "paged", accuracy);
            foreach (int requests in settings.Requests)
            {
                Console.WriteLine(await MeasureAsync(settings, model, requests));
            }
        }
    }

    private static async Task<string> MeasureAsync(BenchSettings settings, OnnxGenAIModel model, int requests)
    {
        TimedEngine? timed = null;
        await using BareLoopColumn bare = new(model, ownsModel: false);
        await using ScheduledColumn scheduled = await ScheduledColumn.StartAsync(() => timed = new TimedEngine((PagedEngine)model.CreateEngine()), null);
        int[][] prompts = Prompts.Create(scheduled.TextCodec, requests);
        await bare.RunAsync(prompts, settings.OutputTokens);
        await scheduled.RunAsync(prompts, settings.OutputTokens);
        timed!.Reset();
        List<double> bareSpeeds = [];
        List<double> scheduledSpeeds = [];
        for (int round = 0; round < settings.Rounds; round++)
        {
            // Each goes first in every other pair: what one leaves behind in the caches helps neither more.
            Round first = await (round % 2 == 0 ? bare : (IColumn)scheduled).RunAsync(prompts, settings.OutputTokens);
            Round second = await (round % 2 == 0 ? (IColumn)scheduled : bare).RunAsync(prompts, settings.OutputTokens);
            (Round ofBare, Round ofScheduler) = round % 2 == 0 ? (first, second) : (second, first);
            bareSpeeds.Add(ofBare.Tokens / ofBare.Seconds);
            scheduledSpeeds.Add(ofScheduler.Tokens / ofScheduler.Seconds);
        }

        double[] ratios = [.. scheduledSpeeds.Zip(bareSpeeds, static (ours, theirs) => ours / theirs).Order()];
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {requests} | {bareSpeeds.Max():F1} | {scheduledSpeeds.Max():F1} | {scheduledSpeeds.Max() / bareSpeeds.Max():F3} | {ratios[ratios.Length / 2]:F3} | {bare.Runs} | {(double)timed.Runs / settings.Rounds:F1} | {1e3 * timed.NativeSeconds:F2} "
            + $"| {1e6 * timed.BindingSeconds:F1} | {1e6 * timed.LoopSeconds:F1} | {(double)timed.DecodeBytes / timed.Steps:F1} |");
    }
}
