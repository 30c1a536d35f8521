namespace KvScheduling.ManagedEngine;

/// <summary>Parses expressions, with Jinja's precedence. Unknown filters, tests and functions are refused here, before anything is rendered.</summary>
internal sealed class JinjaExpressionParser
{
    /// <summary>How deep expressions may nest.</summary>
    public const int MaxDepth = 100;

    private readonly JinjaTokens _tokens;
    private readonly JinjaOperandParser _operands;
    private int _depth;

    public JinjaExpressionParser(JinjaTokens tokens)
    {
        _tokens = tokens;
        _operands = new JinjaOperandParser(tokens, Parse);
    }

    /// <summary>Names that are called as functions, with their lines: all must be known in the end.</summary>
    public IReadOnlyList<(string Name, int Line)> CalledNames => _operands.CalledNames;

    /// <summary>An expression.</summary>
    public JinjaExpression Parse()
    {
        if (++_depth > MaxDepth)
        {
            throw _tokens.Source.Unsupported($"expressions nested more than {MaxDepth} deep", _tokens.Current.Line);
        }

        JinjaExpression value = ParseOr();
        while (_tokens.TryTakeName("if"))
        {
            JinjaExpression condition = ParseOr();
            JinjaExpression? other = _tokens.TryTakeName("else") ? Parse() : null;
            value = new JinjaConditional(condition, value, other);
        }

        _depth--;
        return value;
    }

    /// <summary>An expression, or several with commas between as a tuple.</summary>
    public JinjaExpression ParseTuple(bool allowsConditional = true)
    {
        JinjaExpression first = allowsConditional ? Parse() : ParseOr();
        if (!_tokens.Current.IsOperator(","))
        {
            return first;
        }

        var items = new List<JinjaExpression> { first };
        while (_tokens.TryTakeOperator(",") && _tokens.Current.Kind is not (JinjaTokenKind.BlockEnd or JinjaTokenKind.OutputEnd))
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
            filters.Add(_operands.ParseFilter(null));
        }
        while (_tokens.TryTakeOperator("|"));

        return filters;
    }

    /// <summary>A call, as a <c>call</c> block has it.</summary>
    public JinjaCall ParseCall() => Parse() as JinjaCall ?? throw _tokens.Unexpected("a call");

    private JinjaExpression ParseOr()
    {
        JinjaExpression left = ParseAnd();
        while (_tokens.TryTakeName("or"))
        {
            left = new JinjaLogical(left, ParseAnd(), isAnd: false);
        }

        return left;
    }

    private JinjaExpression ParseAnd()
    {
        JinjaExpression left = ParseNot();
        while (_tokens.TryTakeName("and"))
        {
            left = new JinjaLogical(left, ParseNot(), isAnd: true);
        }

        return left;
    }

    private JinjaExpression ParseNot()
    {
        int negations = 0;
        while (_tokens.TryTakeName("not"))
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
            JinjaToken token = _tokens.Current;
            if (token.Kind == JinjaTokenKind.Operator && token.Text is "==" or "!=" or "<" or "<=" or ">" or ">=")
            {
                _tokens.Take();
                rest.Add((token.Text, ParseSum()));
            }
            else if (_tokens.TryTakeName("in"))
            {
                rest.Add(("in", ParseSum()));
            }
            else if (token.IsName("not") && _tokens.Following.IsName("in"))
            {
                _tokens.Take();
                _tokens.Take();
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
            if (_tokens.TryTakeOperator("+"))
            {
                left = new JinjaBinary(left, ParseConcatenation(), PythonArithmetic.Add);
            }
            else if (_tokens.TryTakeOperator("-"))
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
        while (_tokens.TryTakeOperator("~"))
        {
            left = new JinjaConcatenation(left, ParseProduct());
        }

        return left;
    }

    private JinjaExpression ParseProduct()
    {
        JinjaExpression left = ParsePower();
        while (_tokens.Current.Kind == JinjaTokenKind.Operator && _tokens.Current.Text is "*" or "/" or "//" or "%")
        {
            string sign = _tokens.Take().Text;
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
        JinjaExpression left = _operands.Parse();
        while (_tokens.TryTakeOperator("**"))
        {
            left = new JinjaBinary(left, _operands.Parse(), PythonArithmetic.Power);
        }

        return left;
    }
}
