using System.Reflection;

namespace KvScheduling.PublicApi.Tests;

/// <summary>Guards what the packages promise: every exported member against the files in Baselines. After a change that is meant:
/// <c>KVS_UPDATE_PUBLIC_API=1 dotnet test tests/KvScheduling.PublicApi.Tests</c>, then read the difference.</summary>
public sealed class PublicApiTests
{
    private const string UpdateVariable = "KVS_UPDATE_PUBLIC_API";

    [Theory]
    [InlineData("KvScheduling")]
    [InlineData("KvScheduling.AspNetCore")]
    [InlineData("KvScheduling.ManagedEngine")]
    [InlineData("KvScheduling.OnnxGenAI")]
    [InlineData("KvScheduling.SemanticKernel")]
    [InlineData("KvScheduling.Simulation")]
    public void Exported_Members_AreThoseOfTheBaseline(string assemblyName)
    {
        string baseline = Repository.PathOf("tests", "KvScheduling.PublicApi.Tests", "Baselines", assemblyName + ".txt");
        string[] actual = [.. PublicApiWriter.Write(Assembly.Load(assemblyName))];
        if (Environment.GetEnvironmentVariable(UpdateVariable) == "1")
        {
            File.WriteAllText(baseline, string.Join('\n', actual) + "\n");
        }

        string[] expected = File.ReadAllLines(baseline);
        string[] changes = [.. expected.Except(actual).Select(static line => "- " + line), .. actual.Except(expected).Select(static line => "+ " + line)];

        Assert.True(
            changes.Length == 0 && expected.SequenceEqual(actual),
            $"The public API of {assemblyName} changed. If that is meant: {UpdateVariable}=1 dotnet test tests/KvScheduling.PublicApi.Tests, "
            + $"and commit the difference.\n{string.Join('\n', changes)}");
    }
}
