using System.Globalization;
using System.Text.Json;

namespace KvScheduling.OnnxGenAI.Bench;

/// <summary>The inside of a process that serves one column: a round for each line it reads.</summary>
internal static class Worker
{
    public static async Task<int> RunAsync(string column, BenchSettings settings, int accuracy)
    {
        await using IColumn served = await ColumnFactory.CreateAsync(column, settings, accuracy);
        Console.WriteLine("ready");
        while (await Console.In.ReadLineAsync() is { Length: > 0 } line)
        {
            int requests = int.Parse(line, CultureInfo.InvariantCulture);
            int[][] prompts = Prompts.Create(served.TextCodec, requests);
            GC.Collect();
            Round round = await served.RunAsync(prompts, settings.OutputTokens);
            Console.WriteLine(JsonSerializer.Serialize(round));
        }

        return 0;
    }
}
