namespace KvScheduling.ManagedEngine.Tests.Text;

/// <summary>Renders templates as a model with the special tokens <c>&lt;s&gt;</c> and <c>&lt;/s&gt;</c> would, on 4 July 2025, 9:05:03.</summary>
internal static class Rendering
{
    private static readonly Dictionary<string, string> SpecialTokens = new() { ["bos_token"] = "<s>", ["eos_token"] = "</s>" };

    public static ChatTemplate Compile(string template) => new("test.jinja", template, SpecialTokens, new FixedClock());

    public static string Render(string template, string messages = "[]", string? tools = null, bool addGenerationPrompt = true) =>
        Compile(template).Render(messages, tools, addGenerationPrompt);

    private sealed class FixedClock : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => new(2025, 7, 4, 9, 5, 3, TimeSpan.Zero);
    }
}
