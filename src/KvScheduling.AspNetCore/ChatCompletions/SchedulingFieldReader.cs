using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;

namespace KvScheduling.AspNetCore;

/// <summary>Reads the fields that tell the scheduler about a request: <c>priority</c>, <c>cache_salt</c>, <c>user</c>, <c>kv_deadline_ms</c> and
/// <c>kv_expected_output_tokens</c>.</summary>
internal static class SchedulingFieldReader
{
    private const double MaxDeadlineMilliseconds = 86_400_000;

    public static void Read(JsonField root, ChatOptions chat, OpenAIEndpointOptions options, HttpContext context)
    {
        string? tenant = options.TenantSelector?.Invoke(context);
        if (root.TryGet("user", out JsonField user) && options.UserIsTenant)
        {
            tenant ??= user.AsString();
        }

        PrefixScope? scope = null;
        if (root.TryGet("cache_salt", out JsonField salt))
        {
            if (salt.AsString().Length == 0)
            {
                throw salt.Error("must not be empty.", "empty_string");
            }

            // Prefixes in tenant scope are shared within one tenant only, so a salt is a tenant of its own inside the caller's.
            // The separator cannot be forged by a tenant's name without the salt being part of it.
            tenant = $"{tenant}\u001f{salt.AsString()}";
            scope = PrefixScope.Tenant;
        }

        SchedulingHints hints = new()
        {
            // vLLM: lower runs first; ours: higher runs first. Clamped, because int.MinValue has no negative.
            Priority = options.AllowPriority && root.TryGet("priority", out JsonField priority)
                ? -Math.Max(priority.AsInt32(int.MinValue), -int.MaxValue)
                : 0,
            Tenant = tenant,
            PrefixScope = scope,
            Deadline = root.TryGet("kv_deadline_ms", out JsonField deadline)
                ? TimeSpan.FromMilliseconds(deadline.AsNumber(0, MaxDeadlineMilliseconds, exclusiveMin: true))
                : null,
            ExpectedOutputTokens = root.TryGet("kv_expected_output_tokens", out JsonField expected) ? expected.AsInt32(1) : null,
        };
        if (hints != SchedulingHints.None)
        {
            chat.WithScheduling(hints);
        }
    }
}
