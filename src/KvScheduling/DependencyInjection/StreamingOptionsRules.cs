namespace KvScheduling;

/// <summary>Ranges of the settings of streaming policies.</summary>
internal static class StreamingOptionsRules
{
    /// <param name="options">The options.</param>
    /// <param name="require">Takes whether an option is valid, its name, its value and its range.</param>
    public static void Check(KvSchedulingOptions options, Action<bool, string, object?, string> require)
    {
        if (options.Wait is { } wait)
        {
            CheckWait(wait, Named(nameof(options.Wait)));
        }
        else
        {
            require(false, nameof(options.Wait), "null", "set");
        }

        if (options.NestedWait is { } nested)
        {
            CheckNested(nested, Named(nameof(options.NestedWait)));
        }
        else
        {
            require(false, nameof(options.NestedWait), "null", "set");
        }

        Action<bool, string, object?, string> Named(string section) => (valid, option, value, range) => require(valid, $"{section}.{option}", value, range);
    }

    private static void CheckWait(WaitOptions wait, Action<bool, string, object?, string> require)
    {
        require(wait.Slack is >= 0 and <= 10, nameof(wait.Slack), wait.Slack, "from 0 to 10");
        require(wait.CycleSteps is >= 1 and <= 10_000, nameof(wait.CycleSteps), wait.CycleSteps, "from 1 to 10000");
        require(wait.MaxHold >= TimeSpan.Zero, nameof(wait.MaxHold), wait.MaxHold, "zero or more");
        require(wait.BypassBelow >= 1, nameof(wait.BypassBelow), wait.BypassBelow, "at least 1");
        require(wait.PromptBins is >= 1 and <= 8, nameof(wait.PromptBins), wait.PromptBins, "from 1 to 8");
        require(wait.OutputBins is >= 1 and <= 8, nameof(wait.OutputBins), wait.OutputBins, "from 1 to 8");
        require(wait.WarmUpCompletions >= 0, nameof(wait.WarmUpCompletions), wait.WarmUpCompletions, "0 or more");
        require(wait.WarmUpTime >= TimeSpan.Zero, nameof(wait.WarmUpTime), wait.WarmUpTime, "zero or more");
        require(wait.RateWindow > TimeSpan.Zero, nameof(wait.RateWindow), wait.RateWindow, "above zero");
        require(wait.RefitInterval > TimeSpan.Zero, nameof(wait.RefitInterval), wait.RefitInterval, "above zero");
        require(wait.ProgressAfter > TimeSpan.Zero, nameof(wait.ProgressAfter), wait.ProgressAfter, "above zero");
        for (int i = 0; i < wait.Types.Count; i++)
        {
            WaitTypeOptions type = wait.Types[i];
            string at = $"{nameof(wait.Types)}[{i}].";
            require(type.PromptTokens >= 1, at + nameof(type.PromptTokens), type.PromptTokens, "at least 1");
            require(type.OutputTokens >= 1, at + nameof(type.OutputTokens), type.OutputTokens, "at least 1");
            require(type.Threshold >= 1, at + nameof(type.Threshold), type.Threshold, "at least 1");
        }
    }

    private static void CheckNested(NestedWaitOptions nested, Action<bool, string, object?, string> require)
    {
        require(nested.SegmentCount is >= 1 and <= 8, nameof(nested.SegmentCount), nested.SegmentCount, "from 1 to 8");
        require(nested.Horizon > TimeSpan.Zero, nameof(nested.Horizon), nested.Horizon, "above zero");
        require(nested.FailureProbability is > 0 and < 1, nameof(nested.FailureProbability), nested.FailureProbability, "above 0 and below 1");
        int last = 0;
        for (int i = 0; i < nested.Segments.Count; i++)
        {
            NestedSegmentOptions segment = nested.Segments[i];
            string at = $"{nameof(nested.Segments)}[{i}].";
            require(segment.EndTokens > last, at + nameof(segment.EndTokens), segment.EndTokens, $"at least {last + 1}, more than the segment before");
            require(segment.Threshold >= 1, at + nameof(segment.Threshold), segment.Threshold, "at least 1");
            last = Math.Max(segment.EndTokens, last);
        }
    }
}
