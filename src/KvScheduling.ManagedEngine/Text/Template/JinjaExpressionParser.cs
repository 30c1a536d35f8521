using System.Globalization;

namespace KvScheduling.ManagedEngine;

/// <summary>Parses expressions, with Jinja's precedence. Unknown filters, tests and functions are refused here, before anything is rendered.</summary>
internal sealed class JinjaExpressionParser(JinjaTokens tokens)
{
    private const int MaxDepth = 100;

    private int _depth;

    /// <summary>Names that are called as functions, with their lines: all must be known in the end.</summary>
    public List<(string Name, int Line)> CalledNames { get; } = [];

    /// <summary>An expression.</summary>
    public JinjaExpression Parse()
    {
        if (++_depth > MaxDepth)
        {
            throw tokens.Source.Unsupported($"expressions nested more than {MaxDepth} deep", tokens.Current.Line);
        }

        JinjaExpression value = ParseOr();
        while (tokens.TryTakeName("if"))
        {
            JinjaExpression condition = ParseOr();
            JinjaExpression? other = tokens.TryTakeName("else") ? Parse() : null;
            value = new JinjaConditional(condition, value, other);
        }

        _depth--;
        return value;
    }

    /// <summary>An expression, or several with commas between as a tuple.</summary>
    public JinjaExpression ParseTuple(bool allowsConditional = true)
    {
        JinjaExpression first = allowsConditional ? Parse() : ParseOr();
        if (!tokens.Current.IsOperator(","))
        {
            return first;
        }

        var items = new List<JinjaExpression> { first };
        while (tokens.TryTakeOperator(",") && tokens.Current.Kind is not (JinjaTokenKind.BlockEnd or JinjaTokenKind.OutputEnd))
        {
            items.Add(allowsConditional ? Parse() : ParseOr());
        }

        return new JinjaListLiteral(items, isTuple: true);
    }

    /// <summary>Filters with bars between, as blocks have them: <c>upper | trim</c>.</summary>
    public List<JinjaFilter> ParseFilterChain()
    {
        var filters = new List<JinjaFilter>();
        do
        {
            filters.Add(ParseFilter(null));
        }
        while (tokens.TryTakeOperator("|"));

        return filters;
    }

    /// <summary>A call, as a <c>call</c> block has it.</summary>
    public JinjaCall ParseCall() => Parse() as JinjaCall ?? throw tokens.Unexpected("a call");

    private JinjaExpression ParseOr()
    {
        JinjaExpression left = ParseAnd();
        while (tokens.TryTakeName("or"))
        {
            left = new JinjaLogical(left, ParseAnd(), isAnd: false);
        }

        return left;
    }

    private JinjaExpression ParseAnd()
    {
        JinjaExpression left = ParseNot();
        while (tokens.TryTakeName("and"))
        {
            left = new JinjaLogical(left, ParseNot(), isAnd: true);
        }

        return left;
    }

    private JinjaExpression ParseNot()
    {
        int negations = 0;
        while (tokens.TryTakeName("not"))
        {
            negations++;
        }

        JinjaExpression value = ParseComparison();
        return negations == 0 ? value : negations % 2 == 1 ? new JinjaNot(value) : new JinjaNot(new JinjaNot(value));
    }

    private JinjaExpression ParseComparison()
    {
        JinjaExpression first = ParseSum();
        var rest = new List<(string Operator, JinjaExpression Operand)>();
        while (true)
        {
            JinjaToken token = tokens.Current;
            if (token.Kind == JinjaTokenKind.Operator && token.Text is "==" or "!=" or "<" or "<=" or ">" or ">=")
            {
                tokens.Take();
                rest.Add((token.Text, ParseSum()));
            }
            else if (tokens.TryTakeName("in"))
            {
                rest.Add(("in", ParseSum()));
            }
            else if (token.IsName("not") && tokens.Following.IsName("in"))
            {
                tokens.Take();
                tokens.Take();
                rest.Add(("not in", ParseSum()));
            }
            else
            {
                return rest.Count == 0 ? first : new JinjaComparison(first, rest);
            }
        }
    }

    private JinjaExpression ParseSum()
    {
        JinjaExpression left = ParseConcatenation();
        while (true)
        {
            if (tokens.TryTakeOperator("+"))
            {
                left = new JinjaBinary(left, ParseConcatenation(), PythonArithmetic.Add);
            }
            else if (tokens.TryTakeOperator("-"))
            {
                left = new JinjaBinary(left, ParseConcatenation(), PythonArithmetic.Subtract);
            }
            else
            {
                return left;
            }
        }
    }

    private JinjaExpression ParseConcatenation()
    {
        JinjaExpression left = ParseProduct();
        while (tokens.TryTakeOperator("~"))
        {
            left = new JinjaConcatenation(left, ParseProduct());
        }

        return left;
    }

    private JinjaExpression ParseProduct()
    {
        JinjaExpression left = ParsePower();
        while (tokens.Current.Kind == JinjaTokenKind.Operator && tokens.Current.Text is "*" or "/" or "//" or "%")
        {
            string sign = tokens.Take().Text;
            JinjaExpression right = ParsePower();
            left = sign switch
            {
                "*" => new JinjaBinary(left, right, PythonArithmetic.Multiply),
                "/" => new JinjaBinary(left, right, PythonArithmetic.Divide),
                "//" => new JinjaBinary(left, right, PythonArithmetic.FloorDivide),
                _ => new JinjaBinary(left, right, PythonArithmetic.Modulo),
            };
        }

        return left;
    }

    private JinjaExpression ParsePower()
    {
        JinjaExpression left = ParseUnary(takesFilters: true);
        while (tokens.TryTakeOperator("**"))
        {
            left = new JinjaBinary(left, ParseUnary(takesFilters: true), PythonArithmetic.Power);
        }

        return left;
    }

    private JinjaExpression ParseUnary(bool takesFilters)
    {
        if (++_depth > MaxDepth)
        {
            throw tokens.Source.Unsupported($"expressions nested more than {MaxDepth} deep", tokens.Current.Line);
        }

        JinjaExpression value = tokens.TryTakeOperator("-") ? new JinjaSign(ParseUnary(takesFilters: false), isNegative: true)
            : tokens.TryTakeOperator("+") ? new JinjaSign(ParseUnary(takesFilters: false), isNegative: false)
            : ParsePrimary();
        value = ParsePostfix(value);
        _depth--;
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

        JinjaExpression first = Parse();
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
            items.Add(Parse());
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
            JinjaExpression key = Parse();
            tokens.ExpectOperator(":");
            entries.Add((key, Parse()));
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
        JinjaExpression? start = tokens.Current.IsOperator(":") ? null : Parse();
        if (tokens.TryTakeOperator("]"))
        {
            return new JinjaItem(target, start!);
        }

        if (tokens.Current.IsOperator(","))
        {
            throw tokens.Source.Unsupported("a subscript with a comma", tokens.Current.Line);
        }

        tokens.ExpectOperator(":");
        JinjaExpression? stop = tokens.Current.IsOperator(":") || tokens.Current.IsOperator("]") ? null : Parse();
        JinjaExpression? step = tokens.TryTakeOperator(":") && !tokens.Current.IsOperator("]") ? Parse() : null;
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
                named.Add((name, Parse()));
            }
            else if (named.Count > 0)
            {
                throw tokens.Unexpected("a named argument");
            }
            else
            {
                positional.Add(Parse());
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

    private JinjaFilter ParseFilter(JinjaExpression? value)
    {
        int line = tokens.Current.Line;
        string name = tokens.ExpectName();
        JinjaFunction filter = JinjaFilters.Find(name) ?? throw tokens.Source.Unsupported($"the filter '{name}'", line);
        JinjaArgumentList arguments = tokens.Current.IsOperator("(") ? ParseArguments() : new JinjaArgumentList([], []);
        CheckArguments("filter", filter, arguments, line);
        return new JinjaFilter(value, filter, arguments);
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
