using System.Text.Json;
using Microsoft.Extensions.AI;

namespace KvScheduling.Tests.Chat;

public class ChatOptionsTests
{
    [Fact]
    public void Read_NoOptions_IsGreedyWithTheSchedulersLimit()
    {
        GenerationRequest request = Read(null).Settings;

        Assert.Same(SamplingSettings.Greedy, request.Sampling);
        Assert.Same(SamplingSettings.Greedy, Read(new ChatOptions()).Settings.Sampling);
        Assert.Null(request.MaxOutputTokens);
        Assert.Equal(SchedulingHints.None, request.Hints);
    }

    [Fact]
    public void Read_EverySamplingOption_IsPassedOn()
    {
        ChatRequest request = Read(new ChatOptions
        {
            Temperature = 0.7f,
            TopP = 0.9f,
            TopK = 40,
            Seed = 11,
            FrequencyPenalty = 0.5f,
            PresencePenalty = -0.5f,
            MaxOutputTokens = 9,
            StopSequences = ["a", "b"],
        });

        Assert.Equal(
            new SamplingSettings { Temperature = 0.7f, TopP = 0.9f, TopK = 40, Seed = 11, FrequencyPenalty = 0.5f, PresencePenalty = -0.5f },
            request.Settings.Sampling);
        Assert.Equal(9, request.Settings.MaxOutputTokens);
        Assert.Equal(["a", "b"], request.StopSequences);
    }

    [Fact]
    public void Read_NoTemperature_IsGreedyUnlessSamplingIsAskedFor()
    {
        Assert.Equal(0, Read(new ChatOptions { FrequencyPenalty = 1 }).Settings.Sampling.Temperature);
        Assert.Equal(0, Read(new ChatOptions { TopK = 0 }).Settings.Sampling.Temperature);
        Assert.Equal(1, Read(new ChatOptions { TopP = 0.5f }).Settings.Sampling.Temperature);
        Assert.Equal(1, Read(new ChatOptions { TopK = 5 }).Settings.Sampling.Temperature);
        Assert.Equal(1, Read(new ChatOptions { Seed = 5 }).Settings.Sampling.Temperature);
        Assert.Equal(0, Read(new ChatOptions { Temperature = 0, Seed = 5 }).Settings.Sampling.Temperature);
    }

    public static TheoryData<ChatOptions, string> WrongOptions => new()
    {
        { new ChatOptions { Temperature = -1 }, "Temperature" },
        { new ChatOptions { Temperature = float.NaN }, "Temperature" },
        { new ChatOptions { TopP = 1.5f }, "TopP" },
        { new ChatOptions { TopP = float.NaN }, "TopP" },
        { new ChatOptions { TopK = -1 }, "TopK" },
        { new ChatOptions { FrequencyPenalty = 3 }, "FrequencyPenalty" },
        { new ChatOptions { PresencePenalty = -3 }, "PresencePenalty" },
        { new ChatOptions { MaxOutputTokens = -5 }, "MaxOutputTokens" },
        { new ChatOptions { StopSequences = ["a", ""] }, "StopSequences" },
    };

    [Theory]
    [MemberData(nameof(WrongOptions))]
    public void Read_OptionOutOfRange_IsRefusedByName(ChatOptions options, string name)
    {
        ArgumentException error = Assert.Throws<ArgumentException>(name, () => Read(options));

        Assert.Contains("ChatOptions." + name, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ContinuationToken_IsRefused() =>
        Assert.Throws<NotSupportedException>(() => Read(new ChatOptions { ContinuationToken = ResponseContinuationToken.FromBytes(new byte[] { 1 }) }));

    [Fact]
    public void Read_PermissionsAndWishesWithoutMeaningHere_AreIgnored()
    {
        ChatOptions options = new() { AllowBackgroundResponses = true, Reasoning = new ReasoningOptions { Effort = ReasoningEffort.High }, ModelId = "other" };

        Assert.Same(SamplingSettings.Greedy, Read(options).Settings.Sampling);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(5L)]
    [InlineData(5.0)]
    [InlineData(5f)]
    [InlineData("5")]
    public void Read_ScalarHints_MayBeOfAnyNumberType(object value)
    {
        ChatOptions options = With(("kv_priority", value), ("kv_deadline_ms", value), ("kv_expected_output_tokens", value));

        Assert.Equal(new SchedulingHints { Priority = 5, Deadline = TimeSpan.FromMilliseconds(5), ExpectedOutputTokens = 5 }, Read(options).Settings.Hints);
    }

    [Fact]
    public void Read_ScalarHintsAsJson_AreRead()
    {
        JsonElement json = JsonDocument.Parse("""{"p":-3,"t":"acme","d":"1500.5","s":"PUBLIC","n":null}""").RootElement;
        ChatOptions options = With(
            ("KV_Priority", json.GetProperty("p")), ("kv_tenant", json.GetProperty("t")), ("kv_deadline_ms", json.GetProperty("d")),
            ("kv_prefix_scope", json.GetProperty("s")),
            ("kv_expected_output_tokens", json.GetProperty("n")));

        Assert.Equal(
            new SchedulingHints { Priority = -3, Tenant = "acme", Deadline = TimeSpan.FromMilliseconds(1500.5), PrefixScope = PrefixScope.Public },
            Read(options).Settings.Hints);
    }

    [Fact]
    public void Read_ObjectAndScalars_ScalarsReplaceMembersOfTheObject()
    {
        ChatOptions options = With(("kv_priority", 9), ("kv_prefix_scope", PrefixScope.None))
            .WithScheduling(new SchedulingHints { Priority = 1, Tenant = "t", PrefixScope = PrefixScope.Public });

        Assert.Equal(new SchedulingHints { Priority = 9, Tenant = "t", PrefixScope = PrefixScope.None }, Read(options).Settings.Hints);
    }

    [Theory]
    [InlineData("kv_priority", "high")]
    [InlineData("kv_priority", 1.5)]
    [InlineData("kv_priority", 3e10)]
    [InlineData("kv_priority", true)]
    [InlineData("kv_tenant", 5)]
    [InlineData("kv_deadline_ms", 0)]
    [InlineData("kv_deadline_ms", -1)]
    [InlineData("kv_deadline_ms", 1e300)]
    [InlineData("kv_deadline_ms", double.PositiveInfinity)]
    [InlineData("kv_expected_output_tokens", 0)]
    [InlineData("kv_expected_output_tokens", "many")]
    [InlineData("kv_prefix_scope", "everybody")]
    [InlineData("kv_prefix_scope", "1")]
    [InlineData("kv_prefix_scope", (PrefixScope)77)]
    [InlineData("kv_scheduling", "not hints")]
    public void Read_MalformedHint_IsRefusedByItsKey(string key, object value)
    {
        ArgumentException error = Assert.Throws<ArgumentException>(key, () => Read(With((key, value))));

        Assert.Contains(key, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WithScheduling_OptionsWithProperties_AddsOneAndGivesTheSameOptions()
    {
        ChatOptions options = With(("mine", 1));

        Assert.Same(options, options.WithScheduling(SchedulingHints.None));
        Assert.Equal(2, options.AdditionalProperties!.Count);
        Assert.Throws<ArgumentNullException>(() => options.WithScheduling(null!));
        Assert.Throws<ArgumentNullException>(() => KvSchedulingChatOptionsExtensions.WithScheduling(null!, SchedulingHints.None));
    }

    private static ChatRequest Read(ChatOptions? options)
    {
        using SchedulingChatClient client = new(new FakeScheduler());
        return ChatOptionsReader.Read(options, client, ToolCallFormat.Auto);
    }

    private static ChatOptions With(params (string Key, object? Value)[] properties)
    {
        AdditionalPropertiesDictionary dictionary = [];
        foreach ((string key, object? value) in properties)
        {
            dictionary[key] = value;
        }

        return new ChatOptions { AdditionalProperties = dictionary };
    }
}
