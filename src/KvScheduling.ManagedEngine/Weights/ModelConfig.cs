namespace KvScheduling.ManagedEngine;

/// <summary>The shape of a Llama-family model, from <c>config.json</c> or <c>genai_config.json</c>.</summary>
internal sealed record ModelConfig
{
    /// <summary>The architecture as the folder names it: <c>LlamaForCausalLM</c>, or the model type of a GenAI folder.</summary>
    public required string Architecture { get; init; }

    public required int HiddenSize { get; init; }

    public required int IntermediateSize { get; init; }

    public required int LayerCount { get; init; }

    public required int QueryHeads { get; init; }

    public required int KvHeads { get; init; }

    public required int HeadSize { get; init; }

    public required int VocabularySize { get; init; }

    public required int MaxContextTokens { get; init; }

    public required float NormEpsilon { get; init; }

    public required double RopeTheta { get; init; }

    public required IReadOnlyList<int> EndTokens { get; init; }

    /// <summary>Ready-made rotary tables [position][HeadSize / 2] where the folder brings them; otherwise computed from <see cref="RopeTheta"/>.</summary>
    public float[]? RotaryCosines { get; init; }

    public float[]? RotarySines { get; init; }

    /// <summary>Refuses shapes that no model has.</summary>
    /// <param name="path">The file that the shape was read from.</param>
    /// <param name="kvHeadsField">What that file calls <see cref="KvHeads"/>.</param>
    /// <param name="headSizeField">What that file calls <see cref="HeadSize"/>.</param>
    /// <param name="contextField">What that file calls <see cref="MaxContextTokens"/>.</param>
    public void Validate(string path, string kvHeadsField, string headSizeField, string contextField)
    {
        if (QueryHeads % KvHeads != 0)
        {
            throw new ModelFolderException(path, kvHeadsField, $"{KvHeads} does not divide the {QueryHeads} query heads.");
        }

        if (HeadSize % 2 != 0)
        {
            throw new ModelFolderException(path, headSizeField, $"{HeadSize} is odd; rotary position embedding needs pairs.");
        }

        if ((long)QueryHeads * HeadSize > int.MaxValue / 4)
        {
            throw new ModelFolderException(path, headSizeField, $"{QueryHeads} heads of {HeadSize} are more than can be computed.");
        }

        if ((long)MaxContextTokens * HeadSize > int.MaxValue)
        {
            throw new ModelFolderException(path, contextField,
                $"a context of {MaxContextTokens} tokens with heads of {HeadSize} is more than rotary tables can have.");
        }
    }
}
