using System.ComponentModel;
using Microsoft.SemanticKernel;

namespace KvScheduling.Samples.SemanticKernelChat;

/// <summary>What the model may call.</summary>
internal static class Tools
{
    public static IReadOnlyList<KernelFunction> All { get; } =
    [
        KernelFunctionFactory.CreateFromMethod(GetWeather, "get_weather", "Get the current weather of a city."),
        KernelFunctionFactory.CreateFromMethod(Add, "add", "Adds two numbers and returns the sum."),
    ];

    /// <summary>A stand-in for a weather service: the same city has the same weather.</summary>
    public static Weather GetWeather(string city)
    {
        string[] conditions = ["sunny", "cloudy", "rainy", "windy"];
        int sum = city.Sum(static letter => letter);
        return new Weather((sum % 40) - 5, conditions[sum % conditions.Length]);
    }

    public static Sum Add(int a, int b) => new(a + b);

    internal sealed record Weather(int Temperature, string Condition);

    internal sealed record Sum(int Result);
}
