namespace KvScheduling.OnnxGenAI.Tests;

/// <summary>A fact that needs the native libraries.</summary>
internal sealed class NativeFactAttribute : FactAttribute
{
    public NativeFactAttribute() => Skip = Requirements.Missing(null);

    /// <summary>A folder under the shared models that it needs too.</summary>
    public string? Model
    {
        get;
        set
        {
            field = value;
            Skip = Requirements.Missing(value);
        }
    }
}

/// <summary>A theory that needs the native libraries.</summary>
internal sealed class NativeTheoryAttribute : TheoryAttribute
{
    public NativeTheoryAttribute() => Skip = Requirements.Missing(null);

    /// <summary>A folder under the shared models that it needs too.</summary>
    public string? Model
    {
        get;
        set
        {
            field = value;
            Skip = Requirements.Missing(value);
        }
    }
}

internal static class Requirements
{
    /// <summary>Why a test can't run; null when it can.</summary>
    public static string? Missing(string? model)
    {
        if (TestFolders.Native is null)
        {
            return "The native libraries are not there: not from the package feed, not by KV_SCHEDULING_NATIVE, and not in ../shared/native beside the repository.";
        }

        return model is null || (TestFolders.SharedModels is { } models && Directory.Exists(Path.Combine(models, model)))
            ? null
            : $"The model ../shared/models/{model} beside the repository is not there.";
    }
}
