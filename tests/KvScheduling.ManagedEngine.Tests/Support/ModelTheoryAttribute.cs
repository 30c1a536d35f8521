namespace KvScheduling.ManagedEngine.Tests;

/// <summary>A theory that needs a model of the folder beside the repository.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ModelTheoryAttribute : TheoryAttribute
{
    public ModelTheoryAttribute(string model)
    {
        if (!Directory.Exists(Path.Combine(TestFolders.SharedModels, model)))
        {
            Skip = $"../shared/models/{model} is not there.";
        }
    }
}
