using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace KvScheduling.AspNetCore.Tests;

public sealed class ModelsAndStateTests
{
    [Fact]
    public async Task GetModels_ListsTheEnginesModel()
    {
        ManualTimeProvider time = new();
        time.Advance(TimeSpan.FromSeconds(77));
        await using TestServer server = await TestServer.StartAsync(time: time);

        Assert.Equal(
            """{"object":"list","data":[{"id":"org/tiny","object":"model","created":77,"owned_by":"kv-scheduling","max_model_len":512}]}""",
            await server.Http.GetStringAsync(new Uri("/v1/models", UriKind.Relative)));
    }

    [Theory]
    [InlineData("/v1/models/org/tiny")]
    [InlineData("/v1/models/org%2Ftiny")]
    public async Task GetModel_NameWithSlash_IsFound(string path)
    {
        await using TestServer server = await TestServer.StartAsync();

        JsonElement model = Wire.Json(await server.Http.GetStringAsync(new Uri(path, UriKind.Relative)));

        Assert.Equal("org/tiny", model.GetProperty("id").GetString());
    }

    [Fact]
    public async Task GetModel_OtherName_404ModelNotFound()
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpResponseMessage response = await server.Http.GetAsync(new Uri("/v1/models/gpt-4", UriKind.Relative));

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("model_not_found", (await response.JsonAsync()).At("error", "code").GetString());
    }

    [Fact]
    public async Task GetState_IsTheSnapshot()
    {
        await using TestServer server = await TestServer.StartAsync();
        server.Scheduler.Snapshot = server.Scheduler.Snapshot with { KvUsedTokens = 48, HeadWaitReason = DecisionReason.WaitsForKv, TokensPerSecond = 2.5 };
        using HttpResponseMessage response = await server.Http.GetAsync(new Uri("/kv/state", UriKind.Relative));

        JsonElement state = await response.JsonAsync();
        Assert.Equal("no-store", response.Headers.CacheControl!.ToString());
        Assert.Equal("fake-0", state.GetProperty("engine_instance").GetString());
        Assert.Equal("Ready", state.GetProperty("status").GetString());
        Assert.Equal(1024, state.GetProperty("kv_budget_tokens").GetInt64());
        Assert.Equal(48, state.GetProperty("kv_used_tokens").GetInt64());
        Assert.Equal("WaitsForKv", state.GetProperty("head_wait_reason").GetString());
        Assert.Equal(2.5, state.GetProperty("tokens_per_second").GetDouble());
    }

    [Fact]
    public async Task GetStateStream_SendsOnceAtStartAndThenOnlyChanges()
    {
        ManualTimeProvider time = new();
        TimeSpan interval = TimeSpan.FromMilliseconds(250);
        await using TestServer server = await TestServer.StartAsync(time: time);
        Uri stream = new("/kv/state/stream", UriKind.Relative);
        using HttpResponseMessage response = await server.Http.GetAsync(stream, HttpCompletionOption.ResponseHeadersRead);
        using StreamReader reader = new(await response.Content.ReadAsStreamAsync());
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.ToString());
        Assert.Equal(0, Steps(await Wire.NextLineAsync(reader)));

        await time.WhenArmed(interval).WaitAsync(TestServer.Patience);
        time.Advance(interval);
        await time.WhenArmed(interval).WaitAsync(TestServer.Patience);
        server.Scheduler.Snapshot = server.Scheduler.Snapshot with { Steps = 5 };
        time.Advance(interval);

        // Had the unchanged state been sent again, its 0 would come here.
        Assert.Equal(5, Steps(await Wire.NextLineAsync(reader)));
    }

    [Fact]
    public async Task MapKvSchedulingOpenAI_WithoutAddKvScheduling_FailsAtOnce()
    {
        await using WebApplication app = WebApplication.CreateSlimBuilder().Build();

        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => app.MapKvSchedulingOpenAI());
        Assert.Contains("You must call AddKvScheduling()", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<InvalidOperationException>(() => app.MapKvSchedulingState());
        Assert.Contains("You must call AddKvScheduling()", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MapKvSchedulingOpenAI_NamedScheduler_IsServedUnderItsOwnPattern()
    {
        using FakeChatClient chat = new();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddKeyedSingleton<IKvScheduler>("second", new FakeScheduler());
        builder.Services.AddKeyedSingleton<IChatClient>("second", chat);
        await using WebApplication app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");

        InvalidOperationException error = Assert.Throws<InvalidOperationException>(
            () => app.MapKvSchedulingOpenAI("/v1", static options => options.SchedulerName = "third"));
        Assert.Contains("You must call AddKvScheduling() with the name 'third'", error.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => app.MapKvSchedulingOpenAI());
        app.MapKvSchedulingOpenAI("/second/v1", static options => options.SchedulerName = "second");
        app.MapKvSchedulingState("/second/state", "second");
        await app.StartAsync();
        using HttpClient http = new() { BaseAddress = new Uri(app.Urls.Single()), Timeout = TestServer.Patience };
        Uri second = new("/second/v1/chat/completions", UriKind.Relative);
        using HttpResponseMessage response = await http.PostAsync(second, TestServer.JsonBody(TestServer.Body()));

        Assert.Equal("Hi", (await response.JsonAsync()).At("choices", 0, "message", "content").GetString());
        Assert.Equal("fake-0", Wire.Json(await http.GetStringAsync(new Uri("/second/state", UriKind.Relative))).GetProperty("engine_instance").GetString());
    }

    private static long Steps(string? line) => Wire.Json(line!["data: ".Length..]).GetProperty("steps").GetInt64();
}
