using Microsoft.Extensions.AI;
using Microsoft.SemanticKernel;

namespace KvScheduling.SemanticKernel.Tests;

/// <summary>Kernels with a plugin named <c>tools</c>: <c>add</c>, <c>get_weather</c> and <c>fail</c>.</summary>
internal static class Kernels
{
    public static KernelFunction Add => KernelFunctionFactory.CreateFromMethod((int a, int b) => a + b, "add", "Adds two numbers.");

    public static KernelFunction GetWeather =>
        KernelFunctionFactory.CreateFromMethod((string city) => $"sunny in {city}", "get_weather", "Gets the weather of a city.");

    public static KernelFunction Fail =>
        KernelFunctionFactory.CreateFromMethod(string () => throw new InvalidOperationException("the sensor is wet"), "fail", "Fails.");

    public static Kernel Create(IChatClient client, Action<IKernelBuilder>? configure = null)
    {
        IKernelBuilder builder = Kernel.CreateBuilder();
        builder.AddKvSchedulingChatCompletion(client);
        builder.Plugins.AddFromFunctions("tools", [Add, GetWeather, Fail]);
        configure?.Invoke(builder);
        return builder.Build();
    }
}
