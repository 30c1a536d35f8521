namespace KvScheduling;

/// <summary>The keys of ours in the additional properties of chat options, responses and updates.</summary>
internal static class ChatPropertyNames
{
    /// <summary>Holds <see cref="SchedulingHints"/>.</summary>
    public const string Hints = "kv_scheduling";

    public const string Priority = "kv_priority";
    public const string Tenant = "kv_tenant";
    public const string DeadlineMilliseconds = "kv_deadline_ms";
    public const string ExpectedOutputTokens = "kv_expected_output_tokens";
    public const string PrefixScope = "kv_prefix_scope";
    public const string ToolCallFormat = "kv_tool_call_format";

    /// <summary>Holds a <see cref="SchedulingReport"/>.</summary>
    public const string Report = "kv_scheduling_report";
}
