namespace KvScheduling;

/// <summary>A grammar the output must follow.</summary>
/// <param name="Kind">What <paramref name="Text"/> is.</param>
/// <param name="Text">The JSON schema.</param>
public sealed record OutputConstraint(OutputConstraintKind Kind, string Text);

/// <summary>The kinds of grammar an engine with guidance understands.</summary>
public enum OutputConstraintKind
{
    /// <summary>A JSON schema; <c>{}</c> means any JSON value.</summary>
    JsonSchema,
}
