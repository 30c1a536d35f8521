namespace KvScheduling.Samples.ChatServer;

/// <summary>Things to ask a model: examples for the page, and a mix of short and long requests for a burst.</summary>
internal sealed class DemoPrompts
{
    private const string TinyChat = "tiny-chat";

    private static readonly string[] Names = ["Anna", "Bob", "Carla", "Emma", "Felix", "Judy", "Lucy", "Mark", "Olga", "Tom", "Uwe", "Vera", "Xenia", "Yann"];
    private static readonly string[] Adjectives = ["quiet", "old", "narrow", "bright", "early", "gentle", "wooden", "famous"];
    private static readonly string[] Nouns = ["garden", "train", "teacher", "river", "window", "doctor", "letter", "bird"];
    private static readonly string[] Verbs = ["waited", "turned", "stopped", "worked", "rested", "moved"];
    private static readonly string[] Places = ["behind the tower", "near the church", "above the valley", "beside the lake", "outside the mill"];

    private readonly Func<Random, DemoPrompt>[] _kinds;

    private DemoPrompts(string hint, IReadOnlyList<string> examples, Func<Random, DemoPrompt>[] kinds)
    {
        Hint = hint;
        Examples = examples;
        _kinds = kinds;
    }

    public string Hint { get; }

    public IReadOnlyList<string> Examples { get; }

    public static DemoPrompts For(string model) => model == TinyChat
        ? new DemoPrompts(
            "tiny-chat is a very small model that knows a few tasks. Try one:",
            [
                "What is 15 + 62?", "Please count from 2 to 40.", "What is the capital of Greece?",
                "Spell the word golden.", "Write Eve, age 3 as JSON.", "Please explain batching.",
            ],
            [Add, Add, Capital, Spell, CountShort, CountLong, CountLong, List, Explain, Lookup, Lookup])
        : new DemoPrompts(
            "Every question takes its place in the line.",
            ["What is a KV cache?", "Tell me a short story about a train.", "Name five European capitals.", "Explain batching in one sentence."],
            [Question, Question, Story, Lookup]);

    public DemoPrompt Next(Random random) => _kinds[random.Next(_kinds.Length)](random);

    private static DemoPrompt Add(Random random) => new("sum", $"What is {random.Next(10, 100)} + {random.Next(10, 100)}?", 32);

    private static DemoPrompt Capital(Random random) =>
        new("capital", $"What is the capital of {Pick(random, ["Greece", "France", "Italy", "Japan", "Turkey", "Spain"])}?", 32);

    private static DemoPrompt Spell(Random random) =>
        new("spell", $"Please spell the word {Pick(random, ["golden", "garden", "winter", "planet", "tomato", "sister"])}.", 48);

    private static DemoPrompt CountShort(Random random)
    {
        int start = random.Next(0, 20);
        return new("count", $"Count from {start} to {start + random.Next(4, 12)}.", 96);
    }

    private static DemoPrompt CountLong(Random random)
    {
        int start = random.Next(0, 20);
        return new("long count", $"Count from {start} to {start + random.Next(50, 90)}.", 480);
    }

    private static DemoPrompt List(Random random) =>
        new("list", $"Make a list with {random.Next(6, 20)} lines of the word {Pick(random, ["flute", "apple", "river", "carrot"])}.", 160);

    private static DemoPrompt Explain(Random random) => new("explain", Pick(random, ["Please explain batching.", "Tell me about a prefix cache."]), 160);

    private static DemoPrompt Question(Random random) =>
        new("question", $"What is {random.Next(10, 100)} + {random.Next(10, 100)}? Answer with the number.", 32);

    private static DemoPrompt Story(Random random) => new("story", $"Tell me a story about a {Pick(random, Adjectives)} {Pick(random, Nouns)}.", 256);

    /// <summary>A long prompt with a short answer.</summary>
    private static DemoPrompt Lookup(Random random)
    {
        int sentences = random.Next(20, 90);
        int place = random.Next(sentences);
        string name = Pick(random, Names);
        IEnumerable<string> text = Enumerable.Range(0, sentences).Select(i => i == place
            ? $"The code of {name} is {random.Next(1000, 10_000)}."
            : $"The {Pick(random, Adjectives)} {Pick(random, Nouns)} {Pick(random, Verbs)} {Pick(random, Places)}.");
        return new("lookup", $"Read this text. {string.Join(' ', text)} Tell me the code of {name}.", 32);
    }

    private static string Pick(Random random, string[] from) => from[random.Next(from.Length)];
}

/// <summary>One thing to ask.</summary>
/// <param name="Kind">A word for the page.</param>
/// <param name="Text">The message.</param>
/// <param name="MaxOutputTokens">The output limit in tokens.</param>
internal sealed record DemoPrompt(string Kind, string Text, int MaxOutputTokens);
