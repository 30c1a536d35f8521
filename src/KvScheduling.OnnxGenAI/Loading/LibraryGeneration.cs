namespace KvScheduling.OnnxGenAI;

/// <summary>Decides by exports whether a GenAI library can be bound: the library has no version export, and its API changed incompatibly between releases.</summary>
internal static class LibraryGeneration
{
    private static readonly string[] Required =
    [
        "OgaEngineRun", "OgaEngineCreateRequest", "OgaTurnOptionsReset", "OgaTurnOptionsSetDoSample", "OgaTurnOptionsClearSeed", "OgaEngineGetCapabilities",
        "OgaDestroyEngineCapabilities", "OgaEngineCapabilitiesGetMaxRequestLength", "OgaRequestRewindToStartOfTurn", "OgaEngineMaxDraftTokensPerProposal",
    ];

    /// <summary>Why a library with these exports is refused; null when it is accepted.</summary>
    public static string? WhyRefused(Func<string, bool> hasExport)
    {
        if (!hasExport("OgaCreateModelFromConfig"))
        {
            return "it is not ONNX Runtime GenAI: it has none of its functions";
        }

        if (!hasExport("OgaEngineRun"))
        {
            return hasExport("OgaEngineStep")
                ? "it has the old Step API of 0.15 and earlier"
                : "it has no batching engine";
        }

        // The preview's OgaEngineCreateRequest takes four arguments; a call with three corrupts memory.
        if (hasExport("OgaTurnOptionsSetStopTokenIds"))
        {
            return "it is a preview of the turn API from before its release";
        }

        foreach (string name in Required)
        {
            if (!hasExport(name))
            {
                return $"it lacks {name}";
            }
        }

        return null;
    }
}
