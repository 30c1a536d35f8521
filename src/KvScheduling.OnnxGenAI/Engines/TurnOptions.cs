namespace KvScheduling.OnnxGenAI;

/// <summary>Writes a request's sampling into native turn options. Every field is set: an unset one would take the model's default, not ours.</summary>
internal static class TurnOptions
{
    public static void Apply(nint options, SamplingSettings sampling, ulong seed, int vocabularySize)
    {
        // top-k 1 is greedy; the native side refuses it together with a temperature.
        bool isGreedy = sampling.IsGreedy || sampling.TopK == 1;
        NativeResult.Check(NativeMethods.OgaTurnOptionsSetDoSample(options, isGreedy ? (byte)0 : (byte)1));
        NativeResult.Check(NativeMethods.OgaTurnOptionsSetTemperature(options, isGreedy ? 1 : sampling.Temperature));
        NativeResult.Check(NativeMethods.OgaTurnOptionsSetTopK(options, isGreedy ? 1 : Math.Min(sampling.TopK, vocabularySize)));
        NativeResult.Check(NativeMethods.OgaTurnOptionsSetTopP(options, isGreedy ? 1 : sampling.TopP));
        NativeResult.Check(NativeMethods.OgaTurnOptionsSetRepetitionPenalty(options, 1));
        NativeResult.Check(NativeMethods.OgaTurnOptionsSetNoRepeatNgramSize(options, 0));
        NativeResult.Check(NativeMethods.OgaTurnOptionsSetSeed(options, seed));
    }
}
