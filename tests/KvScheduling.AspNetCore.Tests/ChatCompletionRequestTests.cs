using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace KvScheduling.AspNetCore.Tests;

public sealed class ChatCompletionRequestTests
{
    [Fact]
    public async Task Post_EverySetting_ReachesTheClient()
    {
        ChatOptions options = await OptionsAsync("""
            "temperature":0.5,"top_p":0.9,"top_k":40,"seed":-7,"max_tokens":12,"frequency_penalty":-1,"presence_penalty":1.5,
            "stop":["a","b"],"reasoning_effort":"high","parallel_tool_calls":false
            """);

        Assert.Equal(0.5f, options.Temperature);
        Assert.Equal(0.9f, options.TopP);
        Assert.Equal(40, options.TopK);
        Assert.Equal(-7, options.Seed);
        Assert.Equal(12, options.MaxOutputTokens);
        Assert.Equal(-1, options.FrequencyPenalty);
        Assert.Equal(1.5f, options.PresencePenalty);
        Assert.Equal(["a", "b"], options.StopSequences);
        Assert.Equal(ReasoningEffort.High, options.Reasoning!.Effort);
        Assert.False(options.AllowMultipleToolCalls);
    }

    [Fact]
    public async Task Post_NoSettings_NothingIsSet()
    {
        ChatOptions options = await OptionsAsync("""
            "unknown":{"a":1},"logprobs":false,"n":1,"user":"me","temperature":null,"stop":null,"logit_bias":{}
            """);

        Assert.Null(options.Temperature);
        Assert.Null(options.TopP);
        Assert.Null(options.TopK);
        Assert.Null(options.Seed);
        Assert.Null(options.MaxOutputTokens);
        Assert.Null(options.StopSequences);
        Assert.Null(options.Tools);
        Assert.Null(options.ToolMode);
        Assert.Null(options.ResponseFormat);
        Assert.Null(options.AdditionalProperties);
        Assert.Null(options.ModelId);
    }

    [Theory]
    [InlineData("\"max_completion_tokens\":3", 3)]
    [InlineData("\"max_tokens\":9,\"max_completion_tokens\":3", 3)]
    [InlineData("\"max_tokens\":9,\"max_completion_tokens\":null", 9)]
    public async Task Post_MaxTokens_TheNewerNameWins(string members, int expected) =>
        Assert.Equal(expected, (await OptionsAsync(members)).MaxOutputTokens);

    [Theory]
    [InlineData("-1")]
    [InlineData("0")]
    public async Task Post_TopKOff_IsNotSet(string value) => Assert.Null((await OptionsAsync($"\"top_k\":{value}")).TopK);

    [Fact]
    public async Task Post_StopString_IsOneSequence() => Assert.Equal(["\n\n"], (await OptionsAsync("\"stop\":\"\\n\\n\"")).StopSequences);

    [Fact]
    public async Task Post_Messages_KeepRolesTextNamesAndCalls()
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpResponseMessage response = await server.PostAsync("""
            {"messages":[
              {"role":"system","content":"S"},
              {"role":"developer","content":[{"type":"text","text":"D1"},{"type":"text","text":"D2"}]},
              {"role":"user","content":"U","name":"eve"},
              {"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"add","arguments":"{\"a\":1,\"b\":[2]}"}},{"id":"c2","type":"function","function":{"name":"now","arguments":""}}]},
              {"role":"tool","tool_call_id":"c1","content":[{"type":"text","text":"3"}]},
              {"role":"tool","tool_call_id":"c2","content":"noon"},
              {"role":"assistant","content":"A"},
              {"role":"user","content":""}
            ]}
            """);

        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        IReadOnlyList<ChatMessage> messages = server.Chat.Messages;
        Assert.Equal(
            [ChatRole.System, ChatRole.System, ChatRole.User, ChatRole.Assistant, ChatRole.Tool, ChatRole.Tool, ChatRole.Assistant, ChatRole.User],
            messages.Select(static message => message.Role));
        Assert.Equal(["S", "D1D2", "U", "", "", "", "A", ""], messages.Select(static message => message.Text));
        Assert.Equal("eve", messages[2].AuthorName);
        FunctionCallContent[] calls = [.. messages[3].Contents.Cast<FunctionCallContent>()];
        Assert.Equal(("c1", "add"), (calls[0].CallId, calls[0].Name));
        Assert.Equal("[2]", Assert.IsType<JsonElement>(calls[0].Arguments!["b"]).GetRawText());
        Assert.Empty(calls[1].Arguments!);
        FunctionResultContent result = Assert.IsType<FunctionResultContent>(Assert.Single(messages[4].Contents));
        Assert.Equal(("c1", "3"), (result.CallId, result.Result));
        Assert.Equal("noon", Assert.IsType<FunctionResultContent>(Assert.Single(messages[5].Contents)).Result);
    }

    [Fact]
    public async Task Post_Tools_AreDeclaredWithTheirSchema()
    {
        ChatOptions options = await OptionsAsync("""
            "tools":[{"type":"function","function":{"name":"add","description":"Adds.","parameters":{"type":"object","properties":{"a":{"type":"integer"}}},"strict":true}},
                     {"type":"function","function":{"name":"now"}}]
            """);

        AIFunctionDeclaration[] tools = [.. options.Tools!.Cast<AIFunctionDeclaration>()];
        Assert.Equal(["add", "now"], tools.Select(static tool => tool.Name));
        Assert.Equal("Adds.", tools[0].Description);
        Assert.Equal("""{"type":"object","properties":{"a":{"type":"integer"}}}""", tools[0].JsonSchema.GetRawText());
        Assert.Equal("""{"type":"object","properties":{}}""", tools[1].JsonSchema.GetRawText());
    }

    [Theory]
    [InlineData("\"none\"", "none")]
    [InlineData("\"auto\"", "auto")]
    [InlineData("\"required\"", "required")]
    [InlineData("{\"type\":\"function\",\"function\":{\"name\":\"add\"}}", "add")]
    public async Task Post_ToolChoice_BecomesTheMode(string choice, string expected)
    {
        ChatOptions options = await OptionsAsync($$$"""
            "tools":[{"type":"function","function":{"name":"add"}}],"tool_choice":{{{choice}}}
            """);

        Assert.Equal(
            expected switch
            {
                "none" => ChatToolMode.None,
                "auto" => ChatToolMode.Auto,
                "required" => ChatToolMode.RequireAny,
                _ => ChatToolMode.RequireSpecific(expected),
            },
            options.ToolMode);
    }

    [Fact]
    public async Task Post_ResponseFormat_BecomesTheFormat()
    {
        Assert.IsType<ChatResponseFormatText>((await OptionsAsync("\"response_format\":{\"type\":\"text\"}")).ResponseFormat);
        Assert.Null(Assert.IsType<ChatResponseFormatJson>((await OptionsAsync("\"response_format\":{\"type\":\"json_object\"}")).ResponseFormat).Schema);
        ChatResponseFormatJson json = Assert.IsType<ChatResponseFormatJson>((await OptionsAsync("""
            "response_format":{"type":"json_schema","json_schema":{"name":"person","description":"One.","strict":true,"schema":{"type":"object"}}}
            """)).ResponseFormat);
        Assert.Equal(("person", "One.", """{"type":"object"}"""), (json.SchemaName, json.SchemaDescription, json.Schema!.Value.GetRawText()));
    }

    [Theory]
    [InlineData("5", -5)]
    [InlineData("-3", 3)]
    [InlineData("2147483647", -2147483647)]
    [InlineData("-2147483648", 2147483647)]
    public async Task Post_Priority_IsTurnedAround(string value, int expected) =>
        Assert.Equal(expected, (await HintsAsync($"\"priority\":{value}"))!.Priority);

    [Fact]
    public async Task Post_PriorityNotAllowed_IsIgnored() =>
        Assert.Null(await HintsAsync("\"priority\":5", static options => options.AllowPriority = false));

    [Fact]
    public async Task Post_CacheSalt_IsATenantOfItsOwn()
    {
        SchedulingHints first = (await HintsAsync("\"cache_salt\":\"s1\""))!;
        SchedulingHints second = (await HintsAsync("\"cache_salt\":\"s2\""))!;

        Assert.Equal(PrefixScope.Tenant, first.PrefixScope);
        Assert.NotNull(first.Tenant);
        Assert.NotEqual(first.Tenant, second.Tenant);
        Assert.Equal(first, await HintsAsync("\"cache_salt\":\"s1\""));
    }

    [Fact]
    public async Task Post_CacheSaltOfTwoTenants_DoesNotMeet()
    {
        static void Configure(OpenAIEndpointOptions options) => options.UserIsTenant = true;

        SchedulingHints eve = (await HintsAsync("\"user\":\"eve\",\"cache_salt\":\"s\"", Configure))!;
        SchedulingHints bob = (await HintsAsync("\"user\":\"bob\",\"cache_salt\":\"s\"", Configure))!;

        Assert.NotEqual(eve.Tenant, bob.Tenant);
    }

    [Fact]
    public async Task Post_User_IsTheTenantOnlyByOption()
    {
        Assert.Null(await HintsAsync("\"user\":\"eve\""));
        Assert.Equal("eve", (await HintsAsync("\"user\":\"eve\"", static options => options.UserIsTenant = true))!.Tenant);
    }

    [Fact]
    public async Task Post_TenantSelector_WinsOverUser()
    {
        SchedulingHints hints = (await HintsAsync("\"user\":\"eve\"", static options =>
        {
            options.UserIsTenant = true;
            options.TenantSelector = static context => "from " + context.Request.Path.Value!.Length.ToString(CultureInfo.InvariantCulture);
        }))!;

        Assert.Equal("from 20", hints.Tenant);
    }

    [Fact]
    public async Task Post_OwnExtensions_BecomeHints()
    {
        SchedulingHints hints = (await HintsAsync("\"kv_deadline_ms\":1500,\"kv_expected_output_tokens\":20"))!;

        Assert.Equal(TimeSpan.FromMilliseconds(1500), hints.Deadline);
        Assert.Equal(20, hints.ExpectedOutputTokens);
    }

    private static async Task<ChatOptions> OptionsAsync(string members, Action<OpenAIEndpointOptions>? configure = null)
    {
        await using TestServer server = await TestServer.StartAsync(configure);
        using HttpResponseMessage response = await server.PostAsync(TestServer.Body(members));
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return server.Chat.Options!;
    }

    private static async Task<SchedulingHints?> HintsAsync(string members, Action<OpenAIEndpointOptions>? configure = null) =>
        (await OptionsAsync(members, configure)).AdditionalProperties?.Values.OfType<SchedulingHints>().Single();
}
