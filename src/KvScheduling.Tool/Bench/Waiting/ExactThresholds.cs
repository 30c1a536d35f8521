using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary>Selects what the paper-exact policies are given: types, segments and thresholds from the true rates of a stream.</summary>
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

    private readonly IReadOnlyList<WorkloadRequest> _sample;
    private readonly double _rate;
    private readonly FluidCost _cost;
    private readonly SimulationSettings _caps;

    /// <param name="sample">Requests that stand for the stream.</param>
    /// <param name="rate">Λ: arrivals per second.</param>
    /// <param name="cost">What iterations cost.</param>
    /// <param name="caps">The KV budget and the most running requests.</param>
    public ExactThresholds(IReadOnlyList<WorkloadRequest> sample, double rate, FluidCost cost, SimulationSettings caps)
    {
        (_sample, _rate, _cost, _caps) = (sample, rate, cost, caps);
    }

    /// <summary>The mean work of requests; the first output token comes with the prefill.</summary>
    public static FluidWork MeanWork(IEnumerable<WorkloadRequest> requests)
    {
        FluidWork[] works = [.. requests.Select(static request => FluidWork.Of(request.PromptTokens, request.OutputTokens - 1))];
        return new FluidWork(works.Average(static work => work.PrefillTokens), works.Average(static work => work.DecodeTokens), works.Average(static work => work.DecodeKvTokens));
    }

    /// <summary>Types for WAIT, each with its threshold, and what these need.</summary>
    public (IReadOnlyList<WaitTypeOptions> Types, ThresholdNeed Need) ForWait()
    {
        (int Prompt, int Output)[] largest = LargestOfTypes();
        IGrouping<int, WorkloadRequest>[] members =
        [
            .. _sample.GroupBy(request => Array.FindIndex(largest, type => request.PromptTokens <= type.Prompt && request.OutputTokens <= type.Output)).OrderBy(static type => type.Key),
        ];
        FluidType[] fluid = [.. members.Select(type => new FluidType(_rate * type.Count() / _sample.Count, MeanWork(type)))];
        WaitThresholds selected = WaitThresholds.Select(fluid, _cost, _caps.KvTokens, Slack);
        WaitTypeOptions[] types =
        [
            .. members.Select((type, j) => new WaitTypeOptions
            {
                PromptTokens = largest[type.Key].Prompt,
                OutputTokens = largest[type.Key].Output,
                Threshold = selected.Thresholds[j],
            }),
        ];
        long places = types.Sum(static type => (long)type.Threshold * type.OutputTokens);
        return (types, new ThresholdNeed(selected.Thresholds, selected.KvTokens, places, selected.IsFeasible && places <= _caps.MaxRunningRequests));
    }

    /// <summary>Segments for Nested WAIT, each with its threshold, and what these need.</summary>
    public (IReadOnlyList<NestedSegmentOptions> Segments, ThresholdNeed Need) ForNestedWait()
    {
        int[] decodes = [.. _sample.Select(static request => Math.Max(request.OutputTokens - 1, 1))];
        int prompt = (int)Math.Round(_sample.Average(static request => request.PromptTokens));
        int[] ends = [.. decodes.Distinct().Order()];
        if (ends.Length > MostSegments)
        {
            ends = [.. SegmentDesign.EqualKv(decodes, prompt, MostSegments).Select(static segment => segment.EndDecode)];
        }

        var segments = new Cut(prompt, ends, [.. ends.Skip(1).Select((_, k) => ShareBeyond(decodes, ends[k], k == 0 ? 0 : ends[k - 1]))]);
        int[] thresholds = SegmentThresholds(segments);
        double kv = RequiredKv(segments, thresholds);

        // The first output token comes with the prefill: a stage more in the first segment.
        long places = thresholds.Select((n, k) => (long)n * (k == 0 ? ends[0] + 1 : ends[k] - ends[k - 1])).Sum();
        bool isFastEnough = _rate * Iteration(segments, thresholds) <= thresholds[0] + Noise;
        var need = new ThresholdNeed(thresholds, kv, places, isFastEnough && kv <= _caps.KvTokens && places <= _caps.MaxRunningRequests);
        return ([.. ends.Select((end, k) => new NestedSegmentOptions { EndTokens = end + 1, Threshold = thresholds[k] })], need);
    }

    private static double ShareBeyond(int[] decodes, int end, int start) =>
        Math.Min((double)decodes.Count(length => length > end) / decodes.Count(length => length > start), LargestShare);

    private (int Prompt, int Output)[] LargestOfTypes()
    {
        (int Prompt, int Output)[] pairs = [.. _sample.Select(static request => (request.PromptTokens, request.OutputTokens)).Distinct()];
        if (pairs.Length > MostTypes)
        {
            int[] prompts = MedianAndLargest(static request => request.PromptTokens);
            int[] outputs = MedianAndLargest(static request => request.OutputTokens);
            pairs = [.. outputs.SelectMany(output => prompts.Select(prompt => (prompt, output)))];
        }

        return [.. pairs.OrderBy(static pair => pair.Output).ThenBy(static pair => pair.Prompt)];
    }

    private int[] MedianAndLargest(Func<WorkloadRequest, int> length)
    {
        int[] sorted = [.. _sample.Select(length).Order()];
        return [sorted[sorted.Length / 2], sorted[^1]];
    }

    /// <summary>The smallest n_1 whose full iteration is short enough, the later ones in proportion to who goes on; where the KV budget is less than they need, the last that it was enough for, or ones.</summary>
    private int[] SegmentThresholds(in Cut segments)
    {
        int[] chosen = Following(segments, 1);
        while (true)
        {
            double needed = Math.Ceiling((_rate * Iteration(segments, chosen) * (1 + Slack)) - Noise);
            if (needed <= chosen[0] || needed > int.MaxValue)
            {
                return chosen;
            }

            int[] next = Following(segments, (int)needed);
            if (RequiredKv(segments, next) > _caps.KvTokens)
            {
                return chosen;
            }

            chosen = next;
        }
    }

    private static int[] Following(in Cut segments, int first)
    {
        int[] thresholds = new int[segments.Ends.Length];
        thresholds[0] = first;
        for (int k = 1; k < thresholds.Length; k++)
        {
            thresholds[k] = (int)Math.Clamp(Math.Ceiling((thresholds[k - 1] * segments.Continues[k - 1] * (1 + Slack)) - Noise), 1, thresholds[k - 1]);
        }

        return thresholds;
    }

    /// <summary>The time of an iteration with every stage of every segment full, in seconds.</summary>
    private double Iteration(in Cut segments, int[] thresholds)
    {
        double seconds = _cost.BaseSeconds;
        double before = 0;
        for (int k = 0; k < thresholds.Length; k++)
        {
            double upTo = _cost.SecondsOf(FluidWork.Of(segments.Prompt, segments.Ends[k]));
            seconds += thresholds[k] * (upTo - before);
            before = upTo;
        }

        return seconds;
    }

    private double RequiredKv(in Cut segments, int[] thresholds)
    {
        var options = new NestedWaitOptions();
        return NestedWaitThresholds.Compute(
            segments.Prompt,
            segments.Ends,
            [.. thresholds.Select(static n => (double)n)],
            segments.Continues,
            _cost.BaseSeconds,
            options.Horizon.TotalSeconds,
            options.FailureProbability).RequiredKvTokens;
    }

    /// <summary>Segments of decodes without thresholds.</summary>
    /// <param name="Prompt">l: mean prompt length.</param>
    /// <param name="Ends">l'_k: the decode at which each ends.</param>
    /// <param name="Continues">p_k for k = 2..m.</param>
    private readonly record struct Cut(int Prompt, int[] Ends, double[] Continues);
}
