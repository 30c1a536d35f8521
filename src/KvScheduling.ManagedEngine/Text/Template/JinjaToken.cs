namespace KvScheduling.ManagedEngine;

/// <summary>The kinds of tokens of a template.</summary>
internal enum JinjaTokenKind
{
    /// <summary>Text outside of tags.</summary>
    Text,

    /// <summary>The start of <c>{{ }}</c>.</summary>
    OutputStart,

    /// <summary>The end of <c>{{ }}</c>.</summary>
    OutputEnd,

    /// <summary>The start of <c>{% %}</c>.</summary>
    BlockStart,

    /// <summary>The end of <c>{% %}</c>.</summary>
    BlockEnd,

    /// <summary>A name or keyword.</summary>
    Name,

    /// <summary>A string literal.</summary>
    StringLiteral,

    /// <summary>A whole number.</summary>
    Integer,

    /// <summary>A floating-point number.</summary>
    Float,

    /// <summary>An operator or bracket.</summary>
    Operator,

    /// <summary>The end of the template.</summary>
    End,
}

/// <summary>A token of a template.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Text">Its text; of a string literal the text it stands for.</param>
/// <param name="Line">The line it starts in, from 1.</param>
internal readonly record struct JinjaToken(JinjaTokenKind Kind, string Text, int Line)
{
    public bool IsOperator(string text) => Kind == JinjaTokenKind.Operator && Text == text;

    public bool IsName(string text) => Kind == JinjaTokenKind.Name && Text == text;

    /// <summary>The token as an error message names it.</summary>
    public string Describe() => Kind switch
    {
        JinjaTokenKind.End => "the end of the template",
        JinjaTokenKind.BlockEnd => "'%}'",
        JinjaTokenKind.OutputEnd => "'}}'",
        _ => $"'{Text}'",
    };
}
