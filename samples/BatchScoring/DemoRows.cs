using System.Globalization;

namespace KvScheduling.Samples.BatchScoring;

/// <summary>A table of questions that the bundled model knows: most want a few tokens, one in five wants many.</summary>
internal static class DemoRows
{
    public sealed record Row(string Prompt, int MaxTokens);

    public static IReadOnlyList<Row> Create(int count, int seed = 1)
    {
        var random = new Random(seed);
        string[] countries = ["Greece", "Thailand", "France", "Norway"];
        string[] words = ["golden", "island", "plane", "carrot"];
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(10) switch
        {
            < 2 => Long(random),
            < 5 => new Row($"What is {random.Next(50)} + {random.Next(50)}?", 16),
            < 8 => new Row($"What is the capital of {countries[random.Next(countries.Length)]}?", 24),
            _ => new Row($"Please spell the word {words[random.Next(words.Length)]}.", 24),
        })];
    }

    public static void Write(string path, IEnumerable<Row> rows)
    {
        using var writer = new StreamWriter(path);
        Csv.Write(writer, ["prompt", "max_tokens"]);
        foreach (Row row in rows)
        {
            Csv.Write(writer, [row.Prompt, row.MaxTokens.ToString(CultureInfo.InvariantCulture)]);
        }
    }

    private static Row Long(Random random)
    {
        int first = random.Next(2, 9);
        return new Row($"Please count from {first} to {first + 30 + random.Next(10)}.", 180);
    }
}
