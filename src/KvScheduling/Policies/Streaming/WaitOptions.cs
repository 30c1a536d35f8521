namespace KvScheduling;

/// <summary>Settings of <see cref="SchedulingPolicies.Wait"/>, which <see cref="SchedulingPolicies.NestedWait"/> shares. Source: arXiv 2504.11320.</summary>
public sealed class WaitOptions
{
    /// <summary>Whether steps are planned exactly as in the paper: batches of whole types, everybody else paused. For studies; needs an engine that can hold sequences, and <see cref="Types"/>.</summary>
    /// <value>The default value is <see langword="false"/>: only admissions are gated.</value>
    public bool PaperExact { get; set; }

    /// <summary>The types of <see cref="PaperExact"/>. A request belongs to the smallest type that covers its prompt and its limit, or to the last one.</summary>
    /// <value>Empty by default; types are learned then.</value>
    public IList<WaitTypeOptions> Types { get; init; } = [];

    /// <summary>ε: by how much longer than an iteration at equilibrium requests are gathered.</summary>
    /// <value>From 0 to 10. The default value is 0.1.</value>
    public double Slack { get; set; } = 0.1;

    /// <summary>Iterations per cycle in which requests are gathered: more make larger cohorts and longer waits.</summary>
    /// <value>From 1 to 10,000. The default value is 1.</value>
    public int CycleSteps { get; set; } = 1;

    /// <summary>The longest a request is held to form a cohort; two cycles where that is less.</summary>
    /// <value>Zero or more. The default value is 100 milliseconds.</value>
    public TimeSpan MaxHold { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>While fewer requests than this run, nobody is held.</summary>
    /// <value>At least 1. The default value is 8.</value>
    public int BypassBelow { get; set; } = 8;

    /// <summary>Into how many prompt lengths learned types are told apart.</summary>
    /// <value>From 1 to 8. The default value is 2.</value>
    public int PromptBins { get; set; } = 2;

    /// <summary>Into how many output lengths learned types are told apart; says something only about requests with <see cref="SchedulingHints.ExpectedOutputTokens"/> or a predictor.</summary>
    /// <value>From 1 to 8. The default value is 2.</value>
    public int OutputBins { get; set; } = 2;

    /// <summary>With fewer completions than this nobody is held, unless <see cref="WarmUpTime"/> is over.</summary>
    /// <value>0 or more. The default value is 500.</value>
    public int WarmUpCompletions { get; set; } = 500;

    /// <summary>How long after the first arrival thresholds are learned at the latest.</summary>
    /// <value>Zero or more. The default value is 2 minutes.</value>
    public TimeSpan WarmUpTime { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>The time over which arrival rates are taken.</summary>
    /// <value>Above zero. The default value is 60 seconds.</value>
    public TimeSpan RateWindow { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How often thresholds are computed anew; one that would move by 20 % or less stays.</summary>
    /// <value>Above zero. The default value is 10 seconds.</value>
    public TimeSpan RefitInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>With <see cref="PaperExact"/>: after this long without a decode, everybody who holds KV runs until one completes, so that nothing freezes when arrivals thin out. The paper has no such rule.</summary>
    /// <value>Above zero. The default value is 1 second.</value>
    public TimeSpan ProgressAfter { get; set; } = TimeSpan.FromSeconds(1);
}

/// <summary>A type of requests and its threshold.</summary>
public sealed class WaitTypeOptions
{
    /// <summary>The longest prompt of the type, in tokens.</summary>
    /// <value>At least 1.</value>
    public int PromptTokens { get; set; }

    /// <summary>The longest output of the type, in tokens. The first comes with the prefill: decodes are one less.</summary>
    /// <value>At least 1.</value>
    public int OutputTokens { get; set; }

    /// <summary>n: how many must wait before a batch with this type runs, and how many of each stage it takes.</summary>
    /// <value>At least 1.</value>
    public int Threshold { get; set; } = 1;
}
