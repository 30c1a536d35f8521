using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.AI;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.ChatCompletion;

namespace KvScheduling.SemanticKernel.Tests;

public sealed class SettingsTests
{
    [Fact]
    public async Task Hints_ReachTheClientAsScalars()
    {
        ChatOptions options = await SendAsync(new KvSchedulingPromptExecutionSettings
        {
            Priority = 5,
            Tenant = "blue",
            Deadline = TimeSpan.FromSeconds(1.5),
            ExpectedOutputTokens = 40,
            PrefixScope = PrefixScope.Tenant,
        });

        Assert.Equal(5, Number(options, "kv_priority"));
        Assert.Equal("blue", options.AdditionalProperties!["kv_tenant"]);
        Assert.Equal(1500, Number(options, "kv_deadline_ms"));
        Assert.Equal(40, Number(options, "kv_expected_output_tokens"));
        Assert.Equal("tenant", options.AdditionalProperties["kv_prefix_scope"]);
    }

    [Fact]
    public async Task Sampling_ReachesTheClientsOptions()
    {
        ChatOptions options = await SendAsync(new KvSchedulingPromptExecutionSettings
        {
            MaxTokens = 12,
            Temperature = 0.5,
            TopP = 0.25,
            TopK = 7,
            Seed = 9007199254740993,
            FrequencyPenalty = 1,
            PresencePenalty = -1,
            StopSequences = ["END", "."],
        });

        Assert.Equal((12, 0.5f, 0.25f, 7), (options.MaxOutputTokens!.Value, options.Temperature!.Value, options.TopP!.Value, options.TopK!.Value));
        Assert.Equal((9007199254740993, 1f, -1f), (options.Seed!.Value, options.FrequencyPenalty!.Value, options.PresencePenalty!.Value));
        Assert.Equal(["END", "."], options.StopSequences!);
    }

    [Fact]
    public async Task Nothing_Set_NothingIsSent()
    {
        ChatOptions options = await SendAsync(new KvSchedulingPromptExecutionSettings());

        Assert.Empty(options.AdditionalProperties ?? []);
        Assert.Null(options.MaxOutputTokens);
        Assert.Null(options.Temperature);
    }

    [Fact]
    public async Task PlainSettings_WithTheSameEntries_MeanTheSame()
    {
        ChatOptions options = await SendAsync(
            new PromptExecutionSettings { ExtensionData = new Dictionary<string, object> { ["max_tokens"] = 200, ["kv_priority"] = 5 } });

        Assert.Equal(200, options.MaxOutputTokens);
        Assert.Equal(5, Number(options, "kv_priority"));
    }

    [Fact]
    public void FromExecutionSettings_PlainSettings_KeepsAllOfThem()
    {
        FunctionChoiceBehavior behavior = FunctionChoiceBehavior.None();
        var settings = KvSchedulingPromptExecutionSettings.FromExecutionSettings(new PromptExecutionSettings
        {
            ServiceId = "local",
            ModelId = "tiny",
            FunctionChoiceBehavior = behavior,
            ExtensionData = new Dictionary<string, object> { ["kv_priority"] = "3", ["max_tokens"] = 2.0, ["own"] = true },
        });

        Assert.Equal(("local", "tiny", 3, 2), (settings.ServiceId, settings.ModelId, settings.Priority, settings.MaxTokens));
        Assert.Same(behavior, settings.FunctionChoiceBehavior);
        Assert.Equal(true, settings.ExtensionData!["own"]);
        Assert.Same(settings, KvSchedulingPromptExecutionSettings.FromExecutionSettings(settings));
        Assert.Null(KvSchedulingPromptExecutionSettings.FromExecutionSettings(null).ExtensionData);
    }

    [Fact]
    public void Properties_FromJson_AreRead()
    {
        KvSchedulingPromptExecutionSettings settings = JsonSerializer.Deserialize<KvSchedulingPromptExecutionSettings>(
            """
            {
              "service_id": "local", "kv_priority": 2, "kv_tenant": "t", "kv_deadline_ms": 250, "kv_expected_output_tokens": 9, "kv_prefix_scope": "public",
              "temperature": 0.5, "seed": 9007199254740993, "stop_sequences": ["a", "b"]
            }
            """)!;

        Assert.Equal(("local", 2, "t", 9), (settings.ServiceId, settings.Priority, settings.Tenant, settings.ExpectedOutputTokens));
        Assert.Equal((TimeSpan.FromMilliseconds(250), PrefixScope.Public, 0.5, 9007199254740993),
            (settings.Deadline, settings.PrefixScope, settings.Temperature, settings.Seed));
        Assert.Equal(["a", "b"], settings.StopSequences!);
    }

    [Fact]
    public void Clone_ThenChange_LeavesTheOriginal()
    {
        var settings = new KvSchedulingPromptExecutionSettings { Priority = 1 };
        settings.Freeze();

        var clone = Assert.IsType<KvSchedulingPromptExecutionSettings>(settings.Clone());
        clone.Priority = 2;

        Assert.Equal((1, 2), (settings.Priority, clone.Priority));
        Assert.Throws<InvalidOperationException>(() => settings.Priority = 3);
        Assert.Throws<InvalidOperationException>(() => settings.Tenant = null);
    }

    [Fact]
    public void Property_SetToNull_TakesTheEntryAway()
    {
        var settings = new KvSchedulingPromptExecutionSettings { Tenant = "a", StopSequences = ["x"] };
        settings.Tenant = null;
        settings.StopSequences = null;

        Assert.Empty(settings.ExtensionData!);
    }

    [Fact]
    public void Property_OutOfItsRange_IsRefused()
    {
        var settings = new KvSchedulingPromptExecutionSettings();

        Assert.Throws<ArgumentOutOfRangeException>(() => settings.Deadline = TimeSpan.Zero);
        Assert.Throws<ArgumentOutOfRangeException>(() => settings.ExpectedOutputTokens = 0);
        Assert.Throws<ArgumentOutOfRangeException>(() => settings.MaxTokens = 0);
    }

    private static double Number(ChatOptions options, string key) => Convert.ToDouble(options.AdditionalProperties![key], CultureInfo.InvariantCulture);

    private static async Task<ChatOptions> SendAsync(PromptExecutionSettings settings)
    {
        var client = new ScriptedChatClient(ScriptedChatClient.Text("x"));
        Kernel kernel = Kernels.Create(client);
        await kernel.GetRequiredService<IChatCompletionService>().GetChatMessageContentAsync(new ChatHistory("x"), settings, kernel);
        return client.Requests[0].Options!;
    }
}
