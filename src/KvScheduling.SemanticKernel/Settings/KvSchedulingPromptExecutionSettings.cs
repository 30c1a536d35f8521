using System.Text.Json.Serialization;
using Microsoft.SemanticKernel;

namespace KvScheduling.SemanticKernel;

/// <summary>Settings of a prompt or chat call: scheduling hints, and what a local model understands of sampling.</summary>
/// <remarks>
/// Each property is a view of one entry of <see cref="PromptExecutionSettings.ExtensionData"/>, named below, so that settings from a prompt's JSON or YAML, plain <see cref="PromptExecutionSettings"/> and these
/// mean the same, and unknown entries are kept. The hints hold for every request of a call: when functions are called on the way, the deadline counts anew for each.
/// </remarks>
public sealed class KvSchedulingPromptExecutionSettings : PromptExecutionSettings
{
    internal const string ShortFunctionNamesKey = "kv_short_function_names";

    private const string PriorityKey = "kv_priority";
    private const string TenantKey = "kv_tenant";
    private const string DeadlineKey = "kv_deadline_ms";
    private const string ExpectedOutputTokensKey = "kv_expected_output_tokens";
    private const string PrefixScopeKey = "kv_prefix_scope";
    private const string MaxTokensKey = "max_tokens";
    private const string TemperatureKey = "temperature";
    private const string TopPKey = "top_p";
    private const string TopKKey = "top_k";
    private const string SeedKey = "seed";
    private const string FrequencyPenaltyKey = "frequency_penalty";
    private const string PresencePenaltyKey = "presence_penalty";
    private const string StopSequencesKey = "stop_sequences";

    /// <summary>Higher runs first (<c>kv_priority</c>); see <see cref="SchedulingHints.Priority"/>.</summary>
    /// <value>The default value is <see langword="null"/>: 0.</value>
    [JsonIgnore]
    public int? Priority
    {
        get => ReadInt32(PriorityKey);
        set => Write(PriorityKey, value);
    }

    /// <summary>Who the request is for (<c>kv_tenant</c>); see <see cref="SchedulingHints.Tenant"/>.</summary>
    /// <value>The default value is <see langword="null"/>: nobody in particular.</value>
    [JsonIgnore]
    public string? Tenant
    {
        get => ReadText(TenantKey);
        set => Write(TenantKey, value);
    }

    /// <summary>How long after a request is made its answer is still of use (<c>kv_deadline_ms</c>, in milliseconds); see <see cref="SchedulingHints.Deadline"/>.</summary>
    /// <value>Above zero. The default value is <see langword="null"/>: no deadline.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not above zero.</exception>
    [JsonIgnore]
    public TimeSpan? Deadline
    {
        get => ReadNumber(DeadlineKey) is { } milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : null;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(value ?? TimeSpan.MaxValue, TimeSpan.Zero, nameof(value));
            Write(DeadlineKey, value?.TotalMilliseconds);
        }
    }

    /// <summary>The output length to expect, in tokens (<c>kv_expected_output_tokens</c>); see <see cref="SchedulingHints.ExpectedOutputTokens"/>.</summary>
    /// <value>At least 1. The default value is <see langword="null"/>: estimated from history.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    [JsonIgnore]
    public int? ExpectedOutputTokens
    {
        get => ReadInt32(ExpectedOutputTokensKey);
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value ?? 1, 1, nameof(value));
            Write(ExpectedOutputTokensKey, value);
        }
    }

    /// <summary>With whom the KV of the prompt's prefix may be shared (<c>kv_prefix_scope</c>: <c>none</c>, <c>tenant</c> or <c>public</c>); see <see cref="SchedulingHints.PrefixScope"/>.</summary>
    /// <value>The default value is <see langword="null"/>: <see cref="KvSchedulingOptions.PrefixScope"/>.</value>
    [JsonIgnore]
    public PrefixScope? PrefixScope
    {
        get => Enum.TryParse(ReadText(PrefixScopeKey), ignoreCase: true, out PrefixScope scope) ? scope : null;
#pragma warning disable CA1308 // The entry's values are written in lower case.
        set => Write(PrefixScopeKey, value?.ToString().ToLowerInvariant());
#pragma warning restore CA1308
    }

    /// <summary>Whether the model sees functions under their own names (<c>add</c>) instead of those with the plugin's before them (<c>math_add</c>), where that is not ambiguous (<c>kv_short_function_names</c>).
    /// Small models keep to short and common names better, and the prompt is shorter. Histories and filters are not affected.</summary>
    /// <value>The default value is <see langword="null"/>: <see langword="false"/>, as with other connectors.</value>
    [JsonIgnore]
    public bool? ShortFunctionNames
    {
        get => SettingValue.ToFlag(Read(ShortFunctionNamesKey));
        set => Write(ShortFunctionNamesKey, value);
    }

    /// <summary>The most tokens to generate (<c>max_tokens</c>).</summary>
    /// <value>At least 1. The default value is <see langword="null"/>: <see cref="KvSchedulingOptions.DefaultMaxOutputTokens"/>.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    [JsonIgnore]
    public int? MaxTokens
    {
        get => ReadInt32(MaxTokensKey);
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value ?? 1, 1, nameof(value));
            Write(MaxTokensKey, value);
        }
    }

    /// <summary>See <see cref="SamplingSettings.Temperature"/> (<c>temperature</c>).</summary>
    /// <value>From 0 to 100. The default value is <see langword="null"/>: greedy, unless another sampling setting is set.</value>
    [JsonIgnore]
    public double? Temperature
    {
        get => ReadNumber(TemperatureKey);
        set => Write(TemperatureKey, value);
    }

    /// <summary>See <see cref="SamplingSettings.TopP"/> (<c>top_p</c>).</summary>
    /// <value>Above 0, at most 1. The default value is <see langword="null"/>: off.</value>
    [JsonIgnore]
    public double? TopP
    {
        get => ReadNumber(TopPKey);
        set => Write(TopPKey, value);
    }

    /// <summary>See <see cref="SamplingSettings.TopK"/> (<c>top_k</c>).</summary>
    /// <value>0 or more. The default value is <see langword="null"/>: off.</value>
    [JsonIgnore]
    public int? TopK
    {
        get => ReadInt32(TopKKey);
        set => Write(TopKKey, value);
    }

    /// <summary>See <see cref="SamplingSettings.Seed"/> (<c>seed</c>).</summary>
    /// <value>The default value is <see langword="null"/>: drawn for each request.</value>
    [JsonIgnore]
    public long? Seed
    {
        get => ReadInteger(SeedKey);
        set => Write(SeedKey, value);
    }

    /// <summary>See <see cref="SamplingSettings.FrequencyPenalty"/> (<c>frequency_penalty</c>).</summary>
    /// <value>From -2 to 2. The default value is <see langword="null"/>: off.</value>
    [JsonIgnore]
    public double? FrequencyPenalty
    {
        get => ReadNumber(FrequencyPenaltyKey);
        set => Write(FrequencyPenaltyKey, value);
    }

    /// <summary>See <see cref="SamplingSettings.PresencePenalty"/> (<c>presence_penalty</c>).</summary>
    /// <value>From -2 to 2. The default value is <see langword="null"/>: off.</value>
    [JsonIgnore]
    public double? PresencePenalty
    {
        get => ReadNumber(PresencePenaltyKey);
        set => Write(PresencePenaltyKey, value);
    }

    /// <summary>Texts that end the answer, and are not part of it (<c>stop_sequences</c>).</summary>
    /// <value>The default value is <see langword="null"/>: none.</value>
    [JsonIgnore]
    public IReadOnlyList<string>? StopSequences
    {
        get => SettingValue.ToTexts(Read(StopSequencesKey));
        set => Write(StopSequencesKey, value is null ? null : value.ToList());
    }

    /// <summary>Takes over settings of any type; those of this type are returned as they are.</summary>
    /// <param name="executionSettings">The settings; <see langword="null"/> for the defaults.</param>
    /// <returns>The settings.</returns>
    public static KvSchedulingPromptExecutionSettings FromExecutionSettings(PromptExecutionSettings? executionSettings) => executionSettings switch
    {
        null => new KvSchedulingPromptExecutionSettings(),
        KvSchedulingPromptExecutionSettings own => own,
        _ => CopyOf(executionSettings),
    };

    /// <inheritdoc/>
    public override PromptExecutionSettings Clone() => CopyOf(this);

    private static KvSchedulingPromptExecutionSettings CopyOf(PromptExecutionSettings settings) => new()
    {
        ServiceId = settings.ServiceId,
        ModelId = settings.ModelId,
        FunctionChoiceBehavior = settings.FunctionChoiceBehavior,
        ExtensionData = settings.ExtensionData is null ? null : new Dictionary<string, object>(settings.ExtensionData),
    };

    private object? Read(string key) => ExtensionData is { } data && data.TryGetValue(key, out object? value) ? value : null;

    private double? ReadNumber(string key) => SettingValue.ToNumber(Read(key));

    private long? ReadInteger(string key) => SettingValue.ToInteger(Read(key));

    private int? ReadInt32(string key) => ReadInteger(key) is { } number && number == (int)number ? (int)number : null;

    private string? ReadText(string key) => SettingValue.ToText(Read(key));

    private void Write(string key, object? value)
    {
        ThrowIfFrozen();
        if (value is not null)
        {
            (ExtensionData ??= new Dictionary<string, object>())[key] = value;
        }
        else
        {
            ExtensionData?.Remove(key);
        }
    }
}
