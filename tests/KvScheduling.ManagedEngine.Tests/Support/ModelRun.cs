using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace KvScheduling.ManagedEngine.Tests;

/// <summary>Runs one sequence through a bare model and keeps what came out.</summary>
internal static class ModelRun
{
    public static ModelLimits Limits(ModelConfig config, int threads = 2, WeightFormat format = WeightFormat.Auto, int bits = 512, int blocks = 1024) => new()
    {
        KvBlocks = blocks,
        MaxStepTokens = 512,
        MaxSequences = 96,
        MaxContextTokens = Math.Min(config.MaxContextTokens, blocks * KvPool.BlockTokens),
        Threads = threads,
        WeightFormat = format,
        MaxVectorBits = bits,
    };

    public static TransformerModel LoadTinyChat(int threads = 2, WeightFormat format = WeightFormat.Auto, int bits = 512)
    {
        using SafetensorsSource source = new(TestFolders.TinyChat);
        return TransformerModel.Load(source, Limits(source.Config, threads, format, bits));
    }

    /// <summary>A fingerprint of all bits of a row of logits.</summary>
    public static ulong Fingerprint(ReadOnlySpan<float> logits)
    {
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(MemoryMarshal.AsBytes(logits), hash);
        return BinaryPrimitives.ReadUInt64LittleEndian(hash);
    }

    public static int Greedy(ReadOnlySpan<float> logits)
    {
        int best = 0;
        for (int i = 1; i < logits.Length; i++)
        {
            best = logits[i] > logits[best] ? i : best;
        }

        return best;
    }

    /// <summary>Decodes greedily, prompts in chunks, and gives the tokens and the fingerprint of the logits behind each.</summary>
    public static (int[] Tokens, ulong[] Fingerprints) Decode(TransformerModel model, int[] prompt, int count, int chunk = 512)
    {
        KvSequence sequence = new(model.Cache);
        sequence.EnsureCapacity(prompt.Length + count + 1);
        sequence.SetTokens(prompt, []);
        List<int> tokens = [];
        List<ulong> fingerprints = [];
        while (tokens.Count < count)
        {
            int step = Math.Min(chunk, sequence.PendingCount);
            bool needsLogits = step == sequence.PendingCount;
            Assert.True(sequence.TryReserve(step));
            model.Step([new SequenceShare(sequence, step, needsLogits)]);
            if (needsLogits)
            {
                tokens.Add(Greedy(model.Logits(0)));
                fingerprints.Add(Fingerprint(model.Logits(0)));
                sequence.Append(tokens[^1]);
            }
        }

        sequence.Clear();
        return (tokens.ToArray(), fingerprints.ToArray());
    }
}
