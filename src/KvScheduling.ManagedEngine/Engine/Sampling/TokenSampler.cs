namespace KvScheduling.ManagedEngine;

/// <summary>Chooses the next token from logits. The choice depends on the logits, the settings, the output so far and nothing else.</summary>
internal abstract class TokenSampler
{
    /// <summary>In place of a token: the logits are not all finite numbers.</summary>
    public const int NotFinite = -1;

    public static TokenSampler Create(int lanes) => lanes switch
    {
        16 => new TokenSampler<Lanes16>(),
        8 => new TokenSampler<Lanes8>(),
        _ => new TokenSampler<Lanes4>(),
    };

    /// <summary>Whether choosing so needs memory; plain greedy does not.</summary>
    public static bool NeedsScratch(SamplingSettings settings) => !settings.IsGreedy || HasPenalties(settings);

    /// <summary>Memory for one thread.</summary>
    public abstract SamplerScratch CreateScratch(int vocabularySize);

    /// <summary>Chooses a token.</summary>
    /// <param name="logits">The model's logits.</param>
    /// <param name="settings">How to choose; checked, and seeded unless greedy.</param>
    /// <param name="output">The output so far; its length is the position that the random number is drawn for.</param>
    /// <param name="scratch">The thread's memory; may be null when <see cref="NeedsScratch"/> says so.</param>
    /// <returns>The token, or <see cref="NotFinite"/>.</returns>
    public abstract int Sample(ReadOnlySpan<float> logits, SamplingSettings settings, ReadOnlySpan<int> output, SamplerScratch? scratch);

    protected static bool HasPenalties(SamplingSettings settings) => settings.FrequencyPenalty != 0 || settings.PresencePenalty != 0;
}

/// <summary>The sampler on one vector width.</summary>
/// <remarks>
/// Penalties first, then temperature, top-k, and top-p over what top-k left, as the common serving systems have it. Sums run in an order that does not depend on the width.
/// </remarks>
internal sealed class TokenSampler<TLanes> : TokenSampler
    where TLanes : struct, ILanes<TLanes>
{
    /// <summary>Keeps rounding from dropping a candidate that belongs to the nucleus.</summary>
    private const double FilterMargin = 0.999;

    public override SamplerScratch CreateScratch(int vocabularySize) => new(vocabularySize, LogitFunctions<TLanes>.BlockSize);

    public override int Sample(ReadOnlySpan<float> logits, SamplingSettings settings, ReadOnlySpan<int> output, SamplerScratch? scratch)
    {
        if (HasPenalties(settings))
        {
            logits = Penalize(logits, settings, output, scratch!);
        }

        if (!LogitFunctions<TLanes>.TryMax(logits, out float max))
        {
            return NotFinite;
        }

        if (settings.IsGreedy)
        {
            return LogitFunctions<TLanes>.IndexOf(logits, max);
        }

        double total = LogitFunctions<TLanes>.Weigh(logits, max, settings.Temperature, scratch!.Weights, scratch.BlockSums);
        double random = CounterRandom.NextDouble(settings.Seed!.Value, output.Length);
        bool cuts = settings.TopP < 1 || (settings.TopK > 0 && settings.TopK < logits.Length);
        return cuts ? PickCut(logits, settings, total, random, scratch) : PickAny(logits.Length, total * random, scratch);
    }

    private static ReadOnlySpan<float> Penalize(ReadOnlySpan<float> logits, SamplingSettings settings, ReadOnlySpan<int> output, SamplerScratch scratch)
    {
        logits.CopyTo(scratch.Logits);
        int[] counts = scratch.Counts;
        foreach (int token in output)
        {
            counts[token]++;
        }

        foreach (int token in output)
        {
            if (counts[token] > 0)
            {
                scratch.Logits[token] -= (counts[token] * settings.FrequencyPenalty) + settings.PresencePenalty;
                counts[token] = 0;
            }
        }

        return scratch.Logits;
    }

    /// <summary>Any token: walks blocks, then tokens.</summary>
    private static int PickAny(int count, double target, SamplerScratch scratch)
    {
        int block = 0;
        for (; block < scratch.BlockSums.Length - 1 && target >= scratch.BlockSums[block]; block++)
        {
            target -= scratch.BlockSums[block];
        }

        int first = block * LogitFunctions<TLanes>.BlockSize;
        int end = Math.Min(first + LogitFunctions<TLanes>.BlockSize, count);
        int heaviest = first;
        for (int token = first; token < end; token++)
        {
            target -= scratch.Weights[token];
            if (target < 0)
            {
                return token;
            }

            heaviest = scratch.Weights[token] > scratch.Weights[heaviest] ? token : heaviest;
        }

        // The block's sum was rounded above the sum of its tokens.
        return heaviest;
    }

    /// <summary>One of the most likely tokens.</summary>
    private static int PickCut(ReadOnlySpan<float> logits, SamplingSettings settings, double total, double random, SamplerScratch scratch)
    {
        ReadOnlySpan<float> weights = scratch.Weights;
        Span<ulong> keys;
        if (settings.TopK > 0 && settings.TopK < logits.Length)
        {
            keys = scratch.Keys.AsSpan(0, settings.TopK);
            CandidateKeys.SelectGreatest(logits, keys);
        }
        else
        {
            // A token lighter than this can't be in the nucleus: all tokens behind it together would weigh less than what the nucleus leaves out.
            double least = total * (1 - (double)settings.TopP) / logits.Length * FilterMargin;
            keys = scratch.Keys.AsSpan(0, CandidateKeys.SelectAbove(logits, weights, least, scratch.Keys));
        }

        keys.Sort();
        if (settings.TopK > 0)
        {
            total = Sum(keys, weights, double.PositiveInfinity, out _);
        }

        double kept = Sum(keys, weights, settings.TopP < 1 ? total * settings.TopP : double.PositiveInfinity, out int count);
        double target = kept * random;
        for (int i = 0; i < count; i++)
        {
            int token = CandidateKeys.TokenOf(keys[^(i + 1)]);
            target -= weights[token];
            if (target < 0)
            {
                return token;
            }
        }

        return CandidateKeys.TokenOf(keys[^1]);
    }

    /// <summary>Adds weights from the most likely token on until they reach the limit.</summary>
    private static double Sum(ReadOnlySpan<ulong> keys, ReadOnlySpan<float> weights, double limit, out int count)
    {
        double sum = 0;
        count = 0;
        while (count < keys.Length && (count == 0 || sum < limit))
        {
            count++;
            sum += weights[CandidateKeys.TokenOf(keys[^count])];
        }

        return sum;
    }
}
