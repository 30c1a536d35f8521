using System.Globalization;

namespace KvScheduling.ManagedEngine;

/// <summary>Parses what stands between operators: literals, names, and what follows them: attributes, items, calls, filters and tests.</summary>
/// <param name="tokens">The tokens.</param>
/// <param name="parse">Parses an expression inside.</param>
internal sealed class JinjaOperandParser(JinjaTokens tokens, Func<JinjaExpression> parse)
{
    private int _signs;

    /// <summary>Names that are called as functions, with their lines: all must be known in the end.</summary>
    public List<(string Name, int Line)> CalledNames { get; } = [];

    /// <summary>A value with its sign and what follows it.</summary>
    public JinjaExpression Parse() => ParseUnary(takesFilters: true);

    /// <summary>A filter and its arguments.</summary>
    public JinjaFilter ParseFilter(JinjaExpression? value)
    {
        int line = tokens.Current.Line;
        string name = tokens.ExpectName();
        JinjaFunction filter = JinjaFilters.Find(name) ?? throw tokens.Source.Unsupported($"the filter '{name}'", line);
        JinjaArgumentList arguments = tokens.Current.IsOperator("(") ? ParseArguments() : new JinjaArgumentList([], []);
        CheckArguments("filter", filter, arguments, line);
        return new JinjaFilter(value, filter, arguments);
    }

    private JinjaExpression ParseUnary(bool takesFilters)
    {
        if (++_signs > JinjaExpressionParser.MaxDepth)
        {
            throw tokens.Source.Unsupported($"expressions nested more than {JinjaExpressionParser.MaxDepth} deep", tokens.Current.Line);
        }

        JinjaExpression value = tokens.TryTakeOperator("-") ? new JinjaSign(ParseUnary(takesFilters: false), isNegative: true)
            : tokens.TryTakeOperator("+") ? new JinjaSign(ParseUnary(takesFilters: false), isNegative: false)
            : ParsePrimary();
        value = ParsePostfix(value);
        _signs--;
        return takesFilters ? ParseFiltersAndTests(value) : value;
    }

    private JinjaExpression ParsePrimary()
    {
        JinjaToken token = tokens.Current;
        switch (token.Kind)
        {
            case JinjaTokenKind.Name:
                tokens.Take();
                return token.Text switch
                {
                    "true" or "True" => new JinjaLiteral(true),
                    "false" or "False" => new JinjaLiteral(false),
                    "none" or "None" => new JinjaLiteral(null),
                    _ => new JinjaName(token.Text),
                };
            case JinjaTokenKind.StringLiteral:
                string text = tokens.Take().Text;
                while (tokens.Current.Kind == JinjaTokenKind.StringLiteral)
                {
                    text += tokens.Take().Text;
                }

                return new JinjaLiteral(text);
            case JinjaTokenKind.Integer or JinjaTokenKind.Float:
                tokens.Take();
                return new JinjaLiteral(ReadNumber(token));
            case JinjaTokenKind.Operator when token.Text == "(":
                return ParseParentheses();
            case JinjaTokenKind.Operator when token.Text == "[":
                tokens.Take();
                return new JinjaListLiteral(ParseItems("]"), isTuple: false);
            case JinjaTokenKind.Operator when token.Text == "{":
                return ParseDictionary();
            default:
                throw tokens.Unexpected("a value");
        }
    }

    private object ReadNumber(JinjaToken token)
    {
        string digits = token.Text.Replace("_", "", StringComparison.Ordinal);
        if (token.Kind == JinjaTokenKind.Float)
        {
            return double.Parse(digits, NumberStyles.Float, CultureInfo.InvariantCulture);
        }

        return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? number
            : throw tokens.Source.Unsupported($"the number {token.Text}", token.Line);
    }

    private JinjaExpression ParseParentheses()
    {
        tokens.Take();
        if (tokens.TryTakeOperator(")"))
        {
            return new JinjaListLiteral([], isTuple: true);
        }

        JinjaExpression first = parse();
        if (tokens.TryTakeOperator(")"))
        {
            return first;
        }

        tokens.ExpectOperator(",");
        return new JinjaListLiteral([first, .. ParseItems(")")], isTuple: true);
    }

    private List<JinjaExpression> ParseItems(string close)
    {
        var items = new List<JinjaExpression>();
        while (!tokens.TryTakeOperator(close))
        {
            items.Add(parse());
            if (!tokens.Current.IsOperator(close))
            {
                tokens.ExpectOperator(",");
            }
        }

        return items;
    }

    private JinjaDictionaryLiteral ParseDictionary()
    {
        tokens.Take();
        var entries = new List<(JinjaExpression Key, JinjaExpression Value)>();
        while (!tokens.TryTakeOperator("}"))
        {
            JinjaExpression key = parse();
            tokens.ExpectOperator(":");
            entries.Add((key, parse()));
            if (!tokens.Current.IsOperator("}"))
            {
                tokens.ExpectOperator(",");
            }
        }

        return new JinjaDictionaryLiteral(entries);
    }

    private JinjaExpression ParsePostfix(JinjaExpression value)
    {
        while (true)
        {
            if (tokens.TryTakeOperator("."))
            {
                JinjaToken token = tokens.Take();
                value = token.Kind switch
                {
                    JinjaTokenKind.Name => new JinjaAttribute(value, token.Text),
                    JinjaTokenKind.Integer => new JinjaItem(value, new JinjaLiteral(ReadNumber(token))),
                    _ => throw tokens.Source.Malformed($"{token.Describe()} stands where a name is expected.", token.Line),
                };
            }
            else if (tokens.TryTakeOperator("["))
            {
                value = ParseSubscript(value);
            }
            else if (tokens.Current.IsOperator("("))
            {
                value = ParseCallOf(value);
            }
            else
            {
                return value;
            }
        }
    }

    private JinjaExpression ParseSubscript(JinjaExpression target)
    {
        JinjaExpression? start = tokens.Current.IsOperator(":") ? null : parse();
        if (tokens.TryTakeOperator("]"))
        {
            return new JinjaItem(target, start!);
        }

        if (tokens.Current.IsOperator(","))
        {
            throw tokens.Source.Unsupported("a subscript with a comma", tokens.Current.Line);
        }

        tokens.ExpectOperator(":");
        JinjaExpression? stop = tokens.Current.IsOperator(":") || tokens.Current.IsOperator("]") ? null : parse();
        JinjaExpression? step = tokens.TryTakeOperator(":") && !tokens.Current.IsOperator("]") ? parse() : null;
        tokens.ExpectOperator("]");
        return new JinjaSlice(target, start, stop, step);
    }

    private JinjaCall ParseCallOf(JinjaExpression target)
    {
        int line = tokens.Current.Line;
        if (target is JinjaName name)
        {
            CalledNames.Add((name.Name, line));
        }
        else if (target is JinjaAttribute attribute && !JinjaMethods.IsKnown(attribute.Name))
        {
            throw tokens.Source.Unsupported($"the method '{attribute.Name}'", line);
        }

        return new JinjaCall(target, ParseArguments());
    }

    private JinjaArgumentList ParseArguments()
    {
        tokens.ExpectOperator("(");
        var positional = new List<JinjaExpression>();
        var named = new List<(string Name, JinjaExpression Value)>();
        while (!tokens.TryTakeOperator(")"))
        {
            if (tokens.Current.IsOperator("*") || tokens.Current.IsOperator("**"))
            {
                throw tokens.Source.Unsupported("arguments from a list or dictionary ('*')", tokens.Current.Line);
            }

            if (tokens.Current.Kind == JinjaTokenKind.Name && tokens.Following.IsOperator("="))
            {
                string name = tokens.Take().Text;
                tokens.Take();
                named.Add((name, parse()));
            }
            else if (named.Count > 0)
            {
                throw tokens.Unexpected("a named argument");
            }
            else
            {
                positional.Add(parse());
            }

            if (!tokens.Current.IsOperator(")"))
            {
                tokens.ExpectOperator(",");
            }
        }

        return new JinjaArgumentList(positional, named);
    }

    private JinjaExpression ParseFiltersAndTests(JinjaExpression value)
    {
        while (true)
        {
            if (tokens.TryTakeOperator("|"))
            {
                value = ParseFilter(value);
            }
            else if (tokens.TryTakeName("is"))
            {
                value = ParseTest(value);
            }
            else if (tokens.Current.IsOperator("("))
            {
                value = ParseCallOf(value);
            }
            else
            {
                return value;
            }
        }
    }

    private JinjaExpression ParseTest(JinjaExpression value)
    {
        int line = tokens.Current.Line;
        bool isNegated = tokens.TryTakeName("not");
        string name = tokens.ExpectName();
        JinjaFunction test = JinjaPredicates.Find(name) ?? throw tokens.Source.Unsupported($"the test '{name}'", line);
        JinjaArgumentList arguments = new([], []);
        JinjaToken next = tokens.Current;
        bool startsValue = next.Kind is JinjaTokenKind.StringLiteral or JinjaTokenKind.Integer or JinjaTokenKind.Float
            || next.IsOperator("[") || next.IsOperator("{")
            || (next.Kind == JinjaTokenKind.Name && next.Text is not ("else" or "or" or "and" or "is" or "if" or "in" or "not"));
        if (next.IsOperator("("))
        {
            arguments = ParseArguments();
        }
        else if (startsValue)
        {
            arguments = new JinjaArgumentList([ParsePostfix(ParsePrimary())], []);
        }

        CheckArguments("test", test, arguments, line);
        var result = new JinjaTest(value, test, arguments);
        return isNegated ? new JinjaNot(result) : result;
    }

    private void CheckArguments(string kind, JinjaFunction function, JinjaArgumentList arguments, int line)
    {
        if (function.Signature.Check(arguments.PositionalCount + 1, arguments.Names) is { } problem)
        {
            throw tokens.Source.Unsupported($"the {kind} '{function.Name}' with {problem}", line);
        }
    }
}
