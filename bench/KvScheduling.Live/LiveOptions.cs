using System.CommandLine;

namespace KvScheduling.Live;

/// <summary>Options of both commands.</summary>
internal static class LiveOptions
{
    public static Option<string> Model() => new("--model")
    {
        Description = "The model's folder for the managed engine; the bundled model by default.",
        DefaultValueFactory = static _ => Path.Combine(AppContext.BaseDirectory, "models", "tiny-chat"),
    };

    public static Option<int> Seed() => new("--seed") { Description = "The seed of the requests.", DefaultValueFactory = static _ => 1 };

    public static Option<int> Requests(int standard) => new("--requests") { Description = "Requests per run.", DefaultValueFactory = _ => standard };

    public static Option<int> Rounds(int standard) => new("--rounds") { Description = "How often everything runs.", DefaultValueFactory = _ => standard };

    public static Option<int> KvTokens(int standard) => new("--kv-tokens") { Description = "The KV budget in tokens.", DefaultValueFactory = _ => standard };
}
