using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.AI;

namespace KvScheduling.Tests.Chat;

public class StopSequenceTests
{
    [Theory]
    [InlineData("one two three", new[] { "two" }, "one ")]
    [InlineData("one two three", new[] { "three", "two" }, "one ")]
    [InlineData("one two", new[] { "four" }, "one two")]
    [InlineData("aab", new[] { "ab" }, "a")]
    [InlineData("aaab", new[] { "aab" }, "a")]
    [InlineData("xabcd", new[] { "bc", "abcd" }, "xa")]
    [InlineData("xabc", new[] { "bc", "abc" }, "x")]
    [InlineData("xabx", new[] { "abc", "bd" }, "xabx")]
    [InlineData("stop", new[] { "stop" }, "")]
    [InlineData("héllo wörld", new[] { "ö" }, "héllo w")]
    [InlineData("a\u2028😀b", new[] { "😀" }, "a\u2028")]
    public void Write_CharacterByCharacter_DeliversTextBeforeTheFirstCompleteSequence(string text, string[] stops, string expected)
    {
        ChatOutput output = new();
        StopSequenceFilter filter = new(stops, output);

        foreach (char character in text)
        {
            filter.Write([character]);
        }

        filter.Complete();

        Assert.Equal(expected, TextOf(output));
        Assert.Equal(expected != text, filter.HasStopped);
    }

    [Fact]
    public void Write_ManyStopsAndAnySplit_EqualsTheSearchInTheWholeText()
    {
        Gen<char> characters = Gen.Elements('a', 'b', 'c', ' ', 'é', '<');
        Gen<string> texts = characters.ArrayOf().Select(static text => new string(text));
        Gen<string[]> stops = characters.NonEmptyListOf().Where(static list => list.Count <= 4).Select(static list => new string([.. list])).ArrayOf();
        Gen<(string, string[], int)> cases =
            texts.SelectMany(text => stops.SelectMany(stop => Gen.Choose(0, int.MaxValue - 1).Select(seed => (text, stop, seed))));

        Check.One(Config.QuickThrowOnFailure.WithMaxTest(1000), Prop.ForAll(cases.ToArbitrary(), static sample =>
        {
            (string text, string[] stops, int seed) = sample;
            ChatOutput output = new();
            StopSequenceFilter filter = new(stops, output);
            foreach (string piece in Split(text, seed))
            {
                filter.Write(piece);
            }

            filter.Complete();
            (string expected, bool stopped) = SearchWhole(text, stops);
            return expected == TextOf(output) && stopped == filter.HasStopped;
        }));
    }

    [Fact]
    public void Write_AnyText_HoldsBackExactlyTheLongestSuffixThatMayBeginAStop()
    {
        Gen<(string, string[])> cases = Gen.Elements('a', 'b').ArrayOf().Select(static characters => new string(characters))
            .SelectMany(text => Gen.Elements("aab", "abab", "bb", "baa").NonEmptyListOf().Select(stops => (text, stops.ToArray())));

        Check.One(Config.QuickThrowOnFailure.WithMaxTest(1000), Prop.ForAll(cases.ToArbitrary(), static sample =>
        {
            (string text, string[] stops) = sample;
            (string whole, bool stopped) = SearchWhole(text, stops);
            if (stopped)
            {
                return true;
            }

            ChatOutput output = new();
            new StopSequenceFilter(stops, output).Write(text);
            int held = Enumerable.Range(0, text.Length + 1).First(start => stops.Any(stop => stop.StartsWith(text[start..], StringComparison.Ordinal)));
            return TextOf(output) == text[..held];
        }));
    }

    [Fact]
    public async Task GetStreamingResponseAsync_StopSplitOverTokens_EndsThereAndFinishesTheGenerationAtOnce()
    {
        FakeCodec codec = new();
        int[] tokens = [codec.Add("Say EN"), codec.Add("D"), codec.Add(" never seen")];
        FakeScheduler scheduler = new(codec, generation => generation.Emit(tokens));
        using SchedulingChatClient client = new(scheduler);

        ChatResponse response = await client.AskAsync(new ChatOptions { StopSequences = ["END", "never"] });

        Assert.Equal("Say ", response.Text);
        Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
        Assert.True(scheduler.Only.WasFinished);
        Assert.False(scheduler.Only.WasCancelled);
        Assert.Equal(3, response.Usage!.OutputTokenCount);
        Assert.NotNull(response.GetSchedulingReport());
    }

    [Fact]
    public async Task GetStreamingResponseAsync_StopNeverCompleted_DeliversTheHeldTextAtTheEnd()
    {
        using FakeScheduler scheduler = FakeScheduler.Saying("We E E EN");
        using SchedulingChatClient client = new(scheduler);

        ChatResponse response = await client.AskAsync(new ChatOptions { StopSequences = ["END"] });

        Assert.Equal("We E E EN", response.Text);
        Assert.False(scheduler.Only.WasFinished);
    }

    [Fact]
    public async Task GetStreamingResponseAsync_StopInsideFlushedText_StopsThereToo()
    {
        // Half a character is only known to be broken at the end, and becomes U+FFFD then.
        FakeCodec codec = new();
        using FakeScheduler scheduler = new(codec, generation =>
        {
            generation.Emit([.. codec.Encode("ok"), 0xC3]);
            generation.End();
        });
        using SchedulingChatClient client = new(scheduler);

        Assert.Equal("ok\uFFFD", (await client.AskAsync()).Text);
        Assert.Equal("ok", (await client.AskAsync(new ChatOptions { StopSequences = ["\uFFFD"] })).Text);
    }

    /// <summary>The rule by brute force: at the first end of any stop sequence, the longest that ends there.</summary>
    private static (string Text, bool Stopped) SearchWhole(string text, string[] stops)
    {
        for (int end = 1; end <= text.Length; end++)
        {
            int longest = stops.Where(stop => text[..end].EndsWith(stop, StringComparison.Ordinal)).Select(static stop => stop.Length).DefaultIfEmpty().Max();
            if (longest > 0)
            {
                return (text[..(end - longest)], true);
            }
        }

        return (text, false);
    }

    internal static IEnumerable<string> Split(string text, int seed)
    {
        Random random = new(seed);
        for (int start = 0; start < text.Length;)
        {
            int length = Math.Min(random.Next(1, 6), text.Length - start);
            yield return text.Substring(start, length);
            start += length;
        }
    }

    private static string TextOf(ChatOutput output) => string.Concat(output.Take().OfType<TextContent>().Select(static content => content.Text));
}
