namespace KvScheduling.ManagedEngine;

/// <summary>Whether the engine can run a model of this shape.</summary>
internal static class ModelConfigCheck
{
    /// <summary>Refuses shapes that make no sense or that the kernels can't compute.</summary>
    /// <exception cref="NotSupportedException">The message names the field, its value and what is needed.</exception>
    public static void Validate(ModelConfig config)
    {
        RequirePositive(config.HiddenSize, "hidden size");
        RequirePositive(config.IntermediateSize, "intermediate size");
        RequirePositive(config.LayerCount, "number of layers");
        RequirePositive(config.QueryHeads, "number of attention heads");
        RequirePositive(config.KvHeads, "number of key/value heads");
        RequirePositive(config.HeadSize, "head size");
        RequirePositive(config.VocabularySize, "vocabulary size");
        RequirePositive(config.MaxContextTokens, "context length");
        Require(config.HiddenSize % 16 == 0, $"hidden size is {config.HiddenSize}", "a multiple of 16");
        Require(config.IntermediateSize % 16 == 0, $"intermediate size is {config.IntermediateSize}", "a multiple of 16");
        Require(config.HeadSize % 16 == 0, $"head size is {config.HeadSize}", "a multiple of 16");
        Require(config.QueryHeads % config.KvHeads == 0, $"{config.QueryHeads} attention heads are not shared evenly by its {config.KvHeads} key/value heads", "a whole number each");
        Require(config.NormEpsilon is > 0 and < 1, $"norm epsilon is {config.NormEpsilon}", "a number between 0 and 1");
        bool hasTables = config.RotaryCosines is not null && config.RotarySines is not null;
        Require(hasTables || config.RopeTheta is > 0 and < double.PositiveInfinity, $"rope theta is {config.RopeTheta}", "a positive number");
        if (hasTables)
        {
            long needed = (long)config.MaxContextTokens * (config.HeadSize / 2);
            Require(
                config.RotaryCosines!.Length >= needed && config.RotarySines!.Length >= needed,
                $"rotary tables hold {config.RotaryCosines!.Length} and {config.RotarySines!.Length} numbers",
                $"{needed} for its context");
        }
    }

    private static void RequirePositive(int value, string field) => Require(value > 0, $"{field} is {value}", "at least 1");

    private static void Require(bool condition, string what, string needed)
    {
        if (!condition)
        {
            throw new NotSupportedException($"The managed engine can't run this model: its {what}; needed is {needed}.");
        }
    }
}
