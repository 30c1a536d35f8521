namespace KvScheduling.ManagedEngine.Tests.Text;

/// <summary>A test that needs a folder beside the clone; skipped where it is absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SharedFactAttribute : FactAttribute
{
    public SharedFactAttribute(string name)
    {
        if (!Directory.Exists(TestFolders.Shared(name)))
        {
            Skip = $"../shared/models/{name} is not there.";
        }
    }
}
