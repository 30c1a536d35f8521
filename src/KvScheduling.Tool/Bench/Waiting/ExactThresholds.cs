using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary>What the paper-exact policies are given: types, segments and thresholds from the true rates of a stream.</summary>
/// <remarks>Source: arXiv 2504.11320, sections 3 and 4; whole thresholds by the rule of <see cref="WaitThresholds"/>.</remarks>
internal sealed class ExactThresholds
{
    /// <summary>ε: by how much the arrivals of a threshold must take longer than a full iteration.</summary>
    private const double Slack = 0.1;

    /// <summary>A mix with at most so many pairs of lengths has them as its types; any other is cut at the medians.</summary>
    private const int MostTypes = 4;
    private const int MostSegments = 3;
    private const double LargestShare = 0.99;
    private const double Noise = 1e-12;

    private readonly FluidCost _cost;
    private readonly double _kvTokens;
    private readonly IReadOnlyList<WorkloadRequest> _sample;

    /// <param name="sample">Requests that stand for the stream.</param>
    /// <param name="cost">What iterations cost.</param>
    /// <param name="kvTokens">C: the KV budget in tokens.</param>
    public ExactThresholds(IReadOnlyList<WorkloadRequest> sample, FluidCost cost, double kvTokens)
    {
        (_sample, _cost, _kvTokens) = (sample, cost, kvTokens);
    }

    /// <summary>Types for WAIT, each with its threshold.</summary>
    /// <param name="rate">Λ: arrivals per second.</param>
    public IReadOnlyList<WaitTypeOptions> Types(double rate)
    {
        (int Prompt, int Output)[] largest = LargestOfTypes();
        IGrouping<int, WorkloadRequest>[] members =
        [
            .. _sample.GroupBy(request => Array.FindIndex(largest, type => request.PromptTokens <= type.Prompt && request.OutputTokens <= type.Output)).OrderBy(static type => type.Key),
        ];
        FluidType[] fluid = [.. members.Select(type => new FluidType(rate * type.Count() / _sample.Count, MeanWork(type)))];
        WaitThresholds selected = WaitThresholds.Select(fluid, _cost, _kvTokens, Slack);
        return
        [
            .. members.Select((type, j) => new WaitTypeOptions
            {
                PromptTokens = largest[type.Key].Prompt,
                OutputTokens = largest[type.Key].Output,
                Threshold = selected.Thresholds[j],
            }),
        ];
    }

    /// <summary>Segments for Nested WAIT, each with its threshold.</summary>
    /// <param name="rate">Λ: arrivals per second.</param>
    public IReadOnlyList<NestedSegmentOptions> Segments(double rate)
    {
        int[] decodes = [.. _sample.Select(static request => Math.Max(request.OutputTokens - 1, 1))];
        int prompt = (int)Math.Round(_sample.Average(static request => request.PromptTokens));
        int[] ends = [.. decodes.Distinct().Order()];
        if (ends.Length > MostSegments)
        {
            ends = [.. SegmentDesign.EqualKv(decodes, prompt, MostSegments).Select(static segment => segment.EndDecode)];
        }

        double[] continues =
        [
            .. ends.Skip(1).Select((_, k) => Math.Min((double)decodes.Count(length => length > ends[k]) / decodes.Count(length => k == 0 || length > ends[k - 1]), LargestShare)),
        ];
        int[] thresholds = SegmentThresholds(rate, prompt, ends, continues);

        // The first output token comes with the prefill.
        return [.. ends.Select((end, k) => new NestedSegmentOptions { EndTokens = end + 1, Threshold = thresholds[k] })];
    }

    /// <summary>The mean work of requests; the first output token comes with the prefill.</summary>
    internal static FluidWork MeanWork(IEnumerable<WorkloadRequest> requests)
    {
        FluidWork[] works = [.. requests.Select(static request => FluidWork.Of(request.PromptTokens, request.OutputTokens - 1))];
        return new FluidWork(works.Average(static work => work.PrefillTokens), works.Average(static work => work.DecodeTokens), works.Average(static work => work.DecodeKvTokens));
    }

    private (int Prompt, int Output)[] LargestOfTypes()
    {
        (int Prompt, int Output)[] pairs = [.. _sample.Select(static request => (request.PromptTokens, request.OutputTokens)).Distinct()];
        if (pairs.Length > MostTypes)
        {
            int[] prompts = Cuts(static request => request.PromptTokens);
            int[] outputs = Cuts(static request => request.OutputTokens);
            pairs = [.. outputs.SelectMany(output => prompts.Select(prompt => (prompt, output)))];
        }

        return [.. pairs.OrderBy(static pair => pair.Output).ThenBy(static pair => pair.Prompt)];
    }

    /// <summary>The median and the largest.</summary>
    private int[] Cuts(Func<WorkloadRequest, int> length)
    {
        int[] sorted = [.. _sample.Select(length).Order()];
        return [sorted[sorted.Length / 2], sorted[^1]];
    }

    /// <summary>The smallest n_1 whose full iteration is short enough, the later ones in proportion to who goes on; where the KV that they need is more than there is, the largest that it suffices for.</summary>
    private int[] SegmentThresholds(double rate, int prompt, int[] ends, double[] continues)
    {
        int[] chosen = Following(1, continues);
        while (true)
        {
            double iteration = _cost.BaseSeconds;
            for (int k = 0; k < ends.Length; k++)
            {
                double upTo = _cost.SecondsOf(FluidWork.Of(prompt, ends[k]));
                iteration += chosen[k] * (k == 0 ? upTo : upTo - _cost.SecondsOf(FluidWork.Of(prompt, ends[k - 1])));
            }

            double needed = Math.Ceiling((rate * iteration * (1 + Slack)) - Noise);
            if (needed <= chosen[0] || needed > int.MaxValue)
            {
                return chosen;
            }

            int[] next = Following((int)needed, continues);
            if (RequiredKv(next, prompt, ends, continues) > _kvTokens)
            {
                return chosen;
            }

            chosen = next;
        }
    }

    private static int[] Following(int first, double[] continues)
    {
        int[] thresholds = new int[continues.Length + 1];
        thresholds[0] = first;
        for (int k = 1; k < thresholds.Length; k++)
        {
            thresholds[k] = (int)Math.Clamp(Math.Ceiling((thresholds[k - 1] * continues[k - 1] * (1 + Slack)) - Noise), 1, thresholds[k - 1]);
        }

        return thresholds;
    }

    private double RequiredKv(int[] thresholds, int prompt, int[] ends, double[] continues)
    {
        var options = new NestedWaitOptions();
        return NestedWaitThresholds.Compute(
            prompt, ends, [.. thresholds.Select(static n => (double)n)], continues, _cost.BaseSeconds, options.Horizon.TotalSeconds, options.FailureProbability).RequiredKvTokens;
    }
}
