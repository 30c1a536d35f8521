namespace KvScheduling;

/// <summary>The sizes that orders compare, for what is left of a request: s tokens to compute, o tokens to generate.</summary>
internal static class RequestSize
{
    /// <summary>o: output tokens still planned.</summary>
    public static int Output(SchedulableRequest request) => request.EstimatedOutputTokens - request.GeneratedTokens;

    /// <summary>s: tokens to compute before the next one is sampled.</summary>
    public static int Prompt(SchedulableRequest request) => request.TokensToCompute;

    /// <summary>s + o: the most tokens it will hold.</summary>
    public static long Peak(int prompt, int output) => (long)prompt + output;

    /// <summary>s·o + o(o+1)/2: tokens held, added up over the steps of its life. At most 2^62 + 2^61 + 2^30, so that a long holds it.</summary>
    public static long Volume(int prompt, int output) => ((long)prompt * output) + ((long)output * ((long)output + 1) / 2);
}
