using Microsoft.Extensions.Options;

namespace KvScheduling;

/// <summary>Every range and every rule between options, with the option's name, its value and what it may be.</summary>
internal sealed class KvSchedulingOptionsValidator : IValidateOptions<KvSchedulingOptions>
{
    public ValidateOptionsResult Validate(string? name, KvSchedulingOptions options)
    {
        List<string> failures = Failures(options);
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    /// <exception cref="OptionsValidationException">An option is out of its range.</exception>
    public static void ThrowIfInvalid(string name, KvSchedulingOptions options)
    {
        List<string> failures = Failures(options);
        if (failures.Count > 0)
        {
            throw new OptionsValidationException(name, typeof(KvSchedulingOptions), failures);
        }
    }

    private static void CheckDecisionLog(KvSchedulingOptions options, Action<bool, string, object?, string> require)
    {
        if (options.DecisionLog is not { } log)
        {
            require(false, nameof(options.DecisionLog), "null", "set");
            return;
        }

        const string Section = nameof(options.DecisionLog) + ".";
        require(log.Path is null || !string.IsNullOrWhiteSpace(log.Path), Section + nameof(log.Path), "empty", "a file, or null");
        require(log.MaxBytes >= 1 << 16, Section + nameof(log.MaxBytes), log.MaxBytes, "at least 65536");
        require(log.BufferedRecords is >= 16 and <= 1 << 20, Section + nameof(log.BufferedRecords), log.BufferedRecords, "from 16 to 1048576");
    }

    private static List<string> Failures(KvSchedulingOptions options)
    {
        var failures = new List<string>();
        void Require(bool valid, string option, object? value, string range)
        {
            if (!valid)
            {
                failures.Add(FormattableString.Invariant($"{nameof(KvSchedulingOptions)}.{option} is {value}; it must be {range}."));
            }
        }

        Require(options.KvBudgetTokens is null or >= 1, nameof(options.KvBudgetTokens), options.KvBudgetTokens, "at least one block of the engine, or null");
        Require(Enum.IsDefined(options.Reservation), nameof(options.Reservation), options.Reservation, "Predicted or Guaranteed");
        Require(!string.IsNullOrWhiteSpace(options.Policy), nameof(options.Policy), "empty", "the name of a policy");
        Require(options.MaxRunningRequests is >= 1 and <= 65_536, nameof(options.MaxRunningRequests), options.MaxRunningRequests, "from 1 to 65536");
        Require(options.MaxStepTokens >= 1, nameof(options.MaxStepTokens), options.MaxStepTokens, "at least 1");
        Require(options.PrefillChunkTokens >= 1, nameof(options.PrefillChunkTokens), options.PrefillChunkTokens, "at least 1");
        Require(options.MaxPartialPrefills >= 1, nameof(options.MaxPartialPrefills), options.MaxPartialPrefills, "at least 1");
        Require(options.MaxQueuedRequests >= 1, nameof(options.MaxQueuedRequests), options.MaxQueuedRequests, "at least 1");
        Require(options.MaxQueuedTokens is null or >= 1, nameof(options.MaxQueuedTokens), options.MaxQueuedTokens, "at least 1, or null");
        Require(options.QueueTimeout is not { } timeout || timeout > TimeSpan.Zero, nameof(options.QueueTimeout), options.QueueTimeout, "above zero, or null");
        Require(options.DefaultMaxOutputTokens >= 1, nameof(options.DefaultMaxOutputTokens), options.DefaultMaxOutputTokens, "at least 1");
        Require(options.BackfillWindow is >= 1 and <= 256, nameof(options.BackfillWindow), options.BackfillWindow, "from 1 to 256");
        Require(options.MaxOvertakes >= 0, nameof(options.MaxOvertakes), options.MaxOvertakes, "0 or more");
        Require(options.PromoteAfter is not { } promote || promote > TimeSpan.Zero, nameof(options.PromoteAfter), options.PromoteAfter, "above zero, or null");
        Require(options.PriorityAgeing is not { } ageing || ageing > TimeSpan.Zero, nameof(options.PriorityAgeing), options.PriorityAgeing, "above zero, or null");
        Require(Enum.IsDefined(options.Fairness), nameof(options.Fairness), options.Fairness, "None or VirtualTokenCounter");
        foreach ((string tenant, double weight) in options.TenantWeights)
        {
            Require(weight > 0 && double.IsFinite(weight), $"{nameof(options.TenantWeights)}[{tenant}]", weight, "a finite number above zero");
        }

        Require(options.SortedFExactLimit is >= 0 and <= 256, nameof(options.SortedFExactLimit), options.SortedFExactLimit, "from 0 to 256");
        Require(options.EvictionCooldownSteps >= 1, nameof(options.EvictionCooldownSteps), options.EvictionCooldownSteps, "at least 1");
        Require(Enum.IsDefined(options.PrefixScope), nameof(options.PrefixScope), options.PrefixScope, "None, Tenant or Public");
        Require(Enum.IsDefined(options.ToolCallFormat), nameof(options.ToolCallFormat), options.ToolCallFormat, "Auto, Hermes, Llama3Json, Mistral or None");
        Require(options.MaxParkedSequences >= 0, nameof(options.MaxParkedSequences), options.MaxParkedSequences, "0 or more");
        Require(options.MaxStepRetries >= 0, nameof(options.MaxStepRetries), options.MaxStepRetries, "0 or more");
        Require(options.MaxEngineRestarts >= 0, nameof(options.MaxEngineRestarts), options.MaxEngineRestarts, "0 or more");
        Require(options.StallTimeout > TimeSpan.Zero, nameof(options.StallTimeout), options.StallTimeout, "above zero");
        Require(options.ShutdownTimeout >= TimeSpan.Zero, nameof(options.ShutdownTimeout), options.ShutdownTimeout, "zero or more");
        StreamingOptionsRules.Check(options, Require);
        CheckDecisionLog(options, Require);
        if (options.LengthEstimation is not { } lengths)
        {
            Require(false, nameof(options.LengthEstimation), "null", "set");
            return failures;
        }

        const string Prefix = nameof(options.LengthEstimation) + ".";
        Require(lengths.Quantile is >= 0.05 and <= 0.99, Prefix + nameof(lengths.Quantile), lengths.Quantile, "from 0.05 to 0.99");
        Require(lengths.MinQuantile >= 0.05 && lengths.MinQuantile <= lengths.Quantile, Prefix + nameof(lengths.MinQuantile), lengths.MinQuantile, "from 0.05 to Quantile");
        Require(lengths.MaxQuantile >= lengths.Quantile && lengths.MaxQuantile <= 0.99, Prefix + nameof(lengths.MaxQuantile), lengths.MaxQuantile, "from Quantile to 0.99");
        Require(lengths.HistorySize is >= 50 and <= 1_000_000, Prefix + nameof(lengths.HistorySize), lengths.HistorySize, "from 50 to 1000000");
        Require(lengths.MinSamples >= 3, Prefix + nameof(lengths.MinSamples), lengths.MinSamples, "at least 3");
        return failures;
    }
}
