using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.ChatCompletion;
using Microsoft.SemanticKernel.Services;

namespace KvScheduling.SemanticKernel.Tests;

public sealed class RegistrationTests
{
    [Fact]
    public async Task AddKvSchedulingChatCompletion_WithoutNames_IsTheDefaultServiceOfTheDefaultScheduler()
    {
        IKernelBuilder builder = Kernel.CreateBuilder();
        builder.Services.AddKeyedSingleton<IChatClient>(string.Empty, new ScriptedChatClient(ScriptedChatClient.Text("default")));
        Kernel kernel = builder.AddKvSchedulingChatCompletion().Build();

        Assert.Equal("default", await AskAsync(kernel.GetRequiredService<IChatCompletionService>()));
    }

    [Fact]
    public async Task AddKvSchedulingChatCompletion_WithServiceId_IsFoundByItsIdAndByTheKernelWithoutIt()
    {
        IKernelBuilder builder = Kernel.CreateBuilder();
        builder.AddKvSchedulingChatCompletion(new ScriptedChatClient(ScriptedChatClient.Text("local")), "local");
        Kernel kernel = builder.Build();

        Assert.Equal("local", await AskAsync(kernel.GetRequiredService<IChatCompletionService>("local")));
        Assert.Equal("local", await AskAsync(kernel.GetRequiredService<IChatCompletionService>()));
        Assert.Throws<KernelException>(() => kernel.GetRequiredService<IChatCompletionService>("remote"));
    }

    [Fact]
    public async Task AddKvSchedulingChatCompletion_TwoSchedulers_EachServiceHasItsOwn()
    {
        IKernelBuilder builder = Kernel.CreateBuilder();
        builder.Services.AddKeyedSingleton<IChatClient>("small", new ScriptedChatClient(ScriptedChatClient.Text("from small")));
        builder.Services.AddKeyedSingleton<IChatClient>("large", new ScriptedChatClient(ScriptedChatClient.Text("from large")));
        Kernel kernel = builder.AddKvSchedulingChatCompletion("small", "a").AddKvSchedulingChatCompletion("large", "b").Build();

        Assert.Equal("from small", await AskAsync(kernel.GetRequiredService<IChatCompletionService>("a")));
        Assert.Equal("from large", await AskAsync(kernel.GetRequiredService<IChatCompletionService>("b")));
    }

    [Fact]
    public async Task AddKvSchedulingChatCompletion_OnApplicationServices_ServesKernelsOfTheContainer()
    {
        var client = new ScriptedChatClient(ScriptedChatClient.Text("shared"));
        var services = new ServiceCollection();
        services.AddKeyedSingleton<IChatClient>(string.Empty, client);
        services.AddKvSchedulingChatCompletion();
        services.AddKernel();
        await using ServiceProvider provider = services.BuildServiceProvider();

        Kernel first = provider.GetRequiredService<Kernel>();
        Kernel second = provider.GetRequiredService<Kernel>();

        Assert.NotSame(first, second);
        Assert.Equal("shared", await AskAsync(first.GetRequiredService<IChatCompletionService>()));
        Assert.Equal("shared", await AskAsync(second.GetRequiredService<IChatCompletionService>()));
        Assert.Equal(2, client.Requests.Count);
    }

    [Theory]
    [InlineData(null, "AddKvScheduling()")]
    [InlineData("gpu0", "AddKvScheduling(\"gpu0\")")]
    public void GetRequiredService_WithoutScheduler_SaysHowToRegisterIt(string? schedulerName, string hint)
    {
        Kernel kernel = Kernel.CreateBuilder().AddKvSchedulingChatCompletion(schedulerName).Build();

        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => kernel.GetRequiredService<IChatCompletionService>());

        Assert.Contains(hint, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AddKvSchedulingChatCompletion_Null_IsRefusedAtOnce()
    {
        Assert.Throws<ArgumentNullException>(() => ((IKernelBuilder)null!).AddKvSchedulingChatCompletion());
        Assert.Throws<ArgumentNullException>(() => ((IServiceCollection)null!).AddKvSchedulingChatCompletion());
        Assert.Throws<ArgumentNullException>(() => Kernel.CreateBuilder().AddKvSchedulingChatCompletion((IChatClient)null!));
        Assert.Throws<ArgumentNullException>(() => new ServiceCollection().AddKvSchedulingChatCompletion((IChatClient)null!));
    }

    [Fact]
    public void Attributes_OfAStartedModel_NameIt()
    {
        Kernel kernel = Kernels.Create(new ScriptedChatClient(ScriptedChatClient.Text("x")));

        Assert.Equal(ScriptedChatClient.ModelId, kernel.GetRequiredService<IChatCompletionService>().GetModelId());
    }

    [Fact]
    public async Task Dispose_OfTheServices_LeavesTheCallersClientAlone()
    {
        var client = new ScriptedChatClient(ScriptedChatClient.Text("x"));
        var services = new ServiceCollection();
        services.AddKvSchedulingChatCompletion(client);
        await using (ServiceProvider provider = services.BuildServiceProvider())
        {
            provider.GetRequiredService<IChatCompletionService>();
        }

        Assert.Equal(0, client.Disposals);
    }

    private static async Task<string?> AskAsync(IChatCompletionService service)
    {
        ChatHistory history = [];
        history.AddUserMessage("hello");
        return (await service.GetChatMessageContentAsync(history)).Content;
    }
}
