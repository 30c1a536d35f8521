using System.Net;
using System.Text;
using System.Text.Json;

namespace KvScheduling.AspNetCore.Tests;

public sealed class BadRequestTests : IAsyncLifetime
{
    private TestServer? _server;

    private TestServer Server => _server!;

    public async Task InitializeAsync() => _server = await TestServer.StartAsync();

    public async Task DisposeAsync() => await Server.DisposeAsync();

    [Theory]
    [InlineData("\"n\":2", "n")]
    [InlineData("\"n\":0", "n")]
    [InlineData("\"logprobs\":true", "logprobs")]
    [InlineData("\"top_logprobs\":3", "top_logprobs")]
    [InlineData("\"logit_bias\":{\"5\":1}", "logit_bias")]
    [InlineData("\"functions\":[]", "functions")]
    [InlineData("\"function_call\":\"auto\"", "function_call")]
    [InlineData("\"temperature\":2.1", "temperature")]
    [InlineData("\"temperature\":\"hot\"", "temperature")]
    [InlineData("\"top_p\":0", "top_p")]
    [InlineData("\"top_p\":1.01", "top_p")]
    [InlineData("\"top_k\":-2", "top_k")]
    [InlineData("\"top_k\":1.5", "top_k")]
    [InlineData("\"seed\":\"1\"", "seed")]
    [InlineData("\"max_tokens\":0", "max_tokens")]
    [InlineData("\"max_tokens\":99999999999", "max_tokens")]
    [InlineData("\"max_completion_tokens\":-1", "max_completion_tokens")]
    [InlineData("\"frequency_penalty\":-2.5", "frequency_penalty")]
    [InlineData("\"presence_penalty\":3", "presence_penalty")]
    [InlineData("\"stop\":\"\"", "stop")]
    [InlineData("\"stop\":[\"a\",\"\"]", "stop[1]")]
    [InlineData("\"stop\":5", "stop")]
    [InlineData("\"stop\":[1,2,3,4]", "stop[0]")]
    [InlineData("\"stop\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\",\"j\",\"k\",\"l\",\"m\",\"n\",\"o\",\"p\",\"q\"]", "stop")]
    [InlineData("\"stream\":\"yes\"", "stream")]
    [InlineData("\"stream_options\":{\"include_usage\":true}", "stream_options")]
    [InlineData("\"stream\":true,\"stream_options\":{\"include_usage\":1}", "stream_options.include_usage")]
    [InlineData("\"reasoning_effort\":\"much\"", "reasoning_effort")]
    [InlineData("\"parallel_tool_calls\":1", "parallel_tool_calls")]
    [InlineData("\"response_format\":{}", "response_format.type")]
    [InlineData("\"response_format\":\"json\"", "response_format")]
    [InlineData("\"response_format\":{\"type\":\"xml\"}", "response_format.type")]
    [InlineData("\"response_format\":{\"type\":\"json_schema\"}", "response_format.json_schema")]
    [InlineData("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"schema\":{}}}", "response_format.json_schema.name")]
    [InlineData("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"x\",\"schema\":[]}}", "response_format.json_schema.schema")]
    [InlineData("\"tools\":{}", "tools")]
    [InlineData("\"tools\":[{\"type\":\"web\"}]", "tools[0].type")]
    [InlineData("\"tools\":[{\"type\":\"function\"}]", "tools[0].function")]
    [InlineData("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"a b\"}}]", "tools[0].function.name")]
    [InlineData("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"a\"}},{\"type\":\"function\",\"function\":{\"name\":\"a\"}}]",
        "tools[1].function.name")]
    [InlineData("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"a\",\"parameters\":\"{}\"}}]", "tools[0].function.parameters")]
    [InlineData("\"tool_choice\":\"required\"", "tool_choice")]
    [InlineData("\"tool_choice\":\"maybe\"", "tool_choice")]
    [InlineData("\"tool_choice\":5", "tool_choice")]
    [InlineData("\"tool_choice\":{\"type\":\"allowed_tools\"}", "tool_choice.type")]
    [InlineData("\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"a\"}}", "tool_choice.function.name")]
    [InlineData("\"priority\":\"high\"", "priority")]
    [InlineData("\"cache_salt\":\"\"", "cache_salt")]
    [InlineData("\"kv_deadline_ms\":0", "kv_deadline_ms")]
    [InlineData("\"kv_expected_output_tokens\":0", "kv_expected_output_tokens")]
    [InlineData("\"model\":5", "model")]
    public Task Post_WrongMember_400NamesIt(string members, string param) => AssertRefused(TestServer.Body(members), param);

    [Theory]
    [InlineData("{}", "messages")]
    [InlineData("""{"messages":null}""", "messages")]
    [InlineData("""{"messages":[]}""", "messages")]
    [InlineData("""{"messages":"Hi"}""", "messages")]
    [InlineData("""{"messages":["Hi"]}""", "messages[0]")]
    [InlineData("""{"messages":[{"content":"Hi"}]}""", "messages[0].role")]
    [InlineData("""{"messages":[{"role":"robot","content":"Hi"}]}""", "messages[0].role")]
    [InlineData("""{"messages":[{"role":"function","name":"f","content":"Hi"}]}""", "messages[0].role")]
    [InlineData("""{"messages":[{"role":"user"}]}""", "messages[0].content")]
    [InlineData("""{"messages":[{"role":"user","content":7}]}""", "messages[0].content")]
    [InlineData("""{"messages":[{"role":"user","content":"a"},{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}]}""",
        "messages[1].content[0].type")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"text"}]}]}""", "messages[0].content[0].text")]
    [InlineData("""{"messages":[{"role":"user","content":["text"]}]}""", "messages[0].content[0]")]
    [InlineData("""{"messages":[{"role":"user","content":"a","name":1}]}""", "messages[0].name")]
    [InlineData("""{"messages":[{"role":"assistant"}]}""", "messages[0].content")]
    [InlineData("""{"messages":[{"role":"tool","content":"3"}]}""", "messages[0].tool_call_id")]
    [InlineData("""{"messages":[{"role":"assistant","tool_calls":[{"type":"function","function":{"name":"a","arguments":"{}"}}]}]}""",
        "messages[0].tool_calls[0].id")]
    [InlineData("""{"messages":[{"role":"assistant","tool_calls":[{"id":"c","type":"custom"}]}]}""", "messages[0].tool_calls[0].type")]
    [InlineData("""{"messages":[{"role":"assistant","tool_calls":[{"id":"c","function":{"name":"a","arguments":"[1]"}}]}]}""",
        "messages[0].tool_calls[0].function.arguments")]
    [InlineData("""{"messages":[{"role":"assistant","tool_calls":[{"id":"c","function":{"name":"a","arguments":"{"}}]}]}""",
        "messages[0].tool_calls[0].function.arguments")]
    [InlineData("""{"messages":[{"role":"user","content":"\ud800"}]}""", "messages[0].content")]
    public Task Post_WrongMessage_400NamesIt(string body, string param) => AssertRefused(body, param);

    [Theory]
    [InlineData("[1]")]
    [InlineData("\"text\"")]
    public async Task Post_BodyIsNoObject_400(string body)
    {
        JsonElement error = await ErrorAsync(TestServer.JsonBody(body), HttpStatusCode.BadRequest);

        Assert.Equal(JsonValueKind.Null, error.GetProperty("param").ValueKind);
        Assert.Contains("JSON object", error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Post_BrokenJson_400TellsThePositionAndQuotesNothing()
    {
        JsonElement error = await ErrorAsync(TestServer.JsonBody("{\n  \"messages\": [secret]}"), HttpStatusCode.BadRequest);

        Assert.Equal("The body is not valid JSON: see line 2, byte 16.", error.GetProperty("message").GetString());
        Assert.Equal("invalid_json", error.GetProperty("code").GetString());
    }

    [Fact]
    public async Task Post_EmptyBody_400()
    {
        JsonElement error = await ErrorAsync(TestServer.JsonBody(string.Empty), HttpStatusCode.BadRequest);

        Assert.Equal("invalid_json", error.GetProperty("code").GetString());
    }

    [Fact]
    public async Task Post_OtherContentType_415()
    {
        JsonElement error = await ErrorAsync(new StringContent(TestServer.Body(), Encoding.UTF8, "text/plain"), HttpStatusCode.UnsupportedMediaType);

        Assert.Equal("unsupported_media_type", error.GetProperty("code").GetString());
    }

    [Fact]
    public async Task Post_OtherModel_404ModelNotFound()
    {
        JsonElement error = await ErrorAsync(TestServer.JsonBody("""{"model":"gpt-4","messages":[{"role":"user","content":"Hi"}]}"""), HttpStatusCode.NotFound);

        Assert.Equal("model_not_found", error.GetProperty("code").GetString());
        Assert.Equal("model", error.GetProperty("param").GetString());
        Assert.Contains(FakeScheduler.ModelId, error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Post_OtherModelWhenAnyIsAccepted_IsServedByTheModelThatIsThere()
    {
        await using TestServer server = await TestServer.StartAsync(static options => options.AcceptAnyModel = true);
        using HttpResponseMessage response = await server.PostAsync("""{"model":"gpt-4","messages":[{"role":"user","content":"Hi"}]}""");

        Assert.Equal(FakeScheduler.ModelId, (await response.JsonAsync()).GetProperty("model").GetString());
    }

    private async Task AssertRefused(string body, string param)
    {
        JsonElement error = await ErrorAsync(TestServer.JsonBody(body), HttpStatusCode.BadRequest);

        Assert.Equal("invalid_request_error", error.GetProperty("type").GetString());
        Assert.Equal(param, error.GetProperty("param").GetString());
        Assert.Contains($"'{param}'", error.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.String, error.GetProperty("code").ValueKind);
        Assert.Empty(Server.Chat.Messages);
    }

    private async Task<JsonElement> ErrorAsync(HttpContent content, HttpStatusCode status)
    {
        using HttpResponseMessage response = await Server.Http.PostAsync(new Uri("/v1/chat/completions", UriKind.Relative), content);
        Assert.Equal(status, response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType!.ToString());
        return (await response.JsonAsync()).GetProperty("error");
    }
}
