namespace KvScheduling.ManagedEngine.Tests;

public sealed class ModelConfigCheckTests
{
    private static readonly ModelConfig Good = new()
    {
        Architecture = "LlamaForCausalLM",
        HiddenSize = 64,
        IntermediateSize = 96,
        LayerCount = 1,
        QueryHeads = 4,
        KvHeads = 2,
        HeadSize = 16,
        VocabularySize = 50,
        MaxContextTokens = 64,
        NormEpsilon = 1e-5f,
        RopeTheta = 10000,
        EndTokens = [1],
    };

    public static TheoryData<string, int> Wrong => new()
    {
        { "hidden size", 0 }, { "layers", 1 }, { "head size is 24", 2 }, { "hidden size is 70", 3 }, { "intermediate size is 90", 4 },
        { "not shared evenly", 5 }, { "epsilon", 6 }, { "theta", 7 }, { "rotary tables", 8 }, { "context length", 9 }, { "vocabulary", 10 },
    };

    [Fact]
    public void Validate_Sensible_Passes() => ModelConfigCheck.Validate(Good);

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Validate_Wrong_NamesTheField(string field, int which)
    {
        ModelConfig config = which switch
        {
            0 => Good with { HiddenSize = 0 },
            1 => Good with { LayerCount = -1 },
            2 => Good with { HeadSize = 24 },
            3 => Good with { HiddenSize = 70 },
            4 => Good with { IntermediateSize = 90 },
            5 => Good with { KvHeads = 3 },
            6 => Good with { NormEpsilon = 0 },
            7 => Good with { RopeTheta = 0 },
            8 => Good with { RotaryCosines = new float[64 * 8], RotarySines = new float[3] },
            9 => Good with { MaxContextTokens = 0 },
            _ => Good with { VocabularySize = 0 },
        };
        Assert.Contains(field, Assert.Throws<NotSupportedException>(() => ModelConfigCheck.Validate(config)).Message, StringComparison.Ordinal);
    }

    /// <summary>Sizes that fill no panel, biases, head norms, an untied head: the engine against a plain forward pass in double precision.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Step_OddSizesAndEveryOption_MatchesAPlainForwardPass(int seed)
    {
        ReferenceModel reference = new(Good with { HiddenSize = 48, IntermediateSize = 80, QueryHeads = 6, KvHeads = 2 }, seed);
        int[] tokens = Enumerable.Range(0, 21).Select(i => (i * 17 + seed) % 50).ToArray();
        double[] expected = reference.Logits(tokens);
        foreach (int bits in new[] { 128, 256, 512 })
        {
            using TransformerModel model = TransformerModel.Load(reference.Weights, ModelRun.Limits(reference.Config, bits: bits, blocks: 8));
            KvSequence sequence = new(model.Cache);
            sequence.EnsureCapacity(64);
            sequence.SetTokens(tokens, []);
            Assert.True(sequence.TryReserve(tokens.Length));
            model.Step([new SequenceShare(sequence, tokens.Length, NeedsLogits: true)]);
            ReadOnlySpan<float> logits = model.Logits(0);
            for (int i = 0; i < expected.Length; i++)
            {
                Assert.Equal(expected[i], logits[i], 1e-4);
            }
        }
    }
}
