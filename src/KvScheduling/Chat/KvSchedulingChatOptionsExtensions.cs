using Microsoft.Extensions.AI;

namespace KvScheduling;

/// <summary>Tells the scheduler about a chat request.</summary>
public static class KvSchedulingChatOptionsExtensions
{
    /// <summary>Sets the scheduling hints of requests made with these options.</summary>
    /// <param name="options">The options.</param>
    /// <param name="hints">Priority, tenant, deadline, expected output and prefix scope.</param>
    /// <returns>The same options.</returns>
    /// <exception cref="ArgumentNullException">An argument is <see langword="null"/>.</exception>
    /// <remarks>
    /// <para>The hints are stored in <see cref="ChatOptions.AdditionalProperties"/> under <c>kv_scheduling</c>, so that they survive
    /// <see cref="ChatOptions.Clone"/> and every middleware that passes options on.</para>
    /// <para>Where only scalars can be carried (a Semantic Kernel prompt's settings, for example), these keys do the same, and win over the object where both
    /// are set: <c>kv_priority</c> (an integer), <c>kv_tenant</c> (text), <c>kv_deadline_ms</c> (milliseconds above zero), <c>kv_expected_output_tokens</c>
    /// (tokens, at least 1), <c>kv_prefix_scope</c> (<c>none</c>, <c>tenant</c> or <c>public</c>). Numbers may come as any number type, as text or as a JSON
    /// element.</para>
    /// </remarks>
    public static ChatOptions WithScheduling(this ChatOptions options, SchedulingHints hints)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(hints);
        (options.AdditionalProperties ??= [])[ChatPropertyNames.Hints] = hints;
        return options;
    }
}
