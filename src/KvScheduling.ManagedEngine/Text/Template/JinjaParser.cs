namespace KvScheduling.ManagedEngine;

/// <summary>Parses a template into a tree. Everything unknown is refused by name here, so that a template that loads also renders.</summary>
internal sealed class JinjaParser
{
    private const int MaxDepth = 100;

    private readonly JinjaSource _source;
    private readonly JinjaTokens _tokens;
    private readonly JinjaExpressionParser _expressions;
    private readonly JinjaTargetParser _targets;
    private int _depth;
    private int _loops;

    private JinjaParser(JinjaSource source)
    {
        _source = source;
        _tokens = new JinjaTokens(source, JinjaLexer.Read(source));
        _expressions = new JinjaExpressionParser(_tokens);
        _targets = new JinjaTargetParser(_tokens);
    }

    public static JinjaBody Parse(JinjaSource source)
    {
        var parser = new JinjaParser(source);
        JinjaBody body = parser.ParseBody("template");
        if (parser._tokens.Current.Kind != JinjaTokenKind.End)
        {
            throw source.Malformed($"'{parser._tokens.Following.Text}' closes nothing.", parser._tokens.Current.Line);
        }

        parser.CheckCalls();
        return body;
    }

    private void CheckCalls()
    {
        foreach ((string name, int line) in _expressions.CalledNames)
        {
            if (!JinjaGlobals.IsKnown(name) && !_targets.AssignedNames.Contains(name) && name != "caller")
            {
                throw _source.Unsupported($"the function '{name}'", line);
            }
        }
    }

    /// <summary>Statements up to a tag that ends or divides what is around them; that tag stays.</summary>
    private JinjaBody ParseBody(string around)
    {
        if (++_depth > MaxDepth)
        {
            throw _source.Unsupported($"blocks nested more than {MaxDepth} deep", _tokens.Current.Line);
        }

        var statements = new List<JinjaStatement>();
        while (true)
        {
            JinjaToken token = _tokens.Current;
            switch (token.Kind)
            {
                case JinjaTokenKind.Text:
                    _tokens.Take();
                    statements.Add(new JinjaText(token.Text, token.Line));
                    break;
                case JinjaTokenKind.OutputStart:
                    _tokens.Take();
                    statements.Add(new JinjaOutput(_expressions.ParseTuple(), token.Line));
                    _tokens.Expect(JinjaTokenKind.OutputEnd, "'}}'");
                    break;
                case JinjaTokenKind.End when around != "template":
                    throw _source.Malformed($"the block '{around}' has no end.", token.Line);
                case JinjaTokenKind.End:
                    _depth--;
                    return new JinjaBody(statements);
                default:
                    string name = _tokens.Following.Kind == JinjaTokenKind.Name
                        ? _tokens.Following.Text : throw _source.Malformed("a tag has no name.", token.Line);
                    if (name is "elif" or "else" || name.StartsWith("end", StringComparison.Ordinal))
                    {
                        _depth--;
                        return new JinjaBody(statements);
                    }

                    _tokens.Take();
                    _tokens.Take();
                    statements.Add(ParseStatement(name, token.Line));
                    break;
            }
        }
    }

    private JinjaStatement ParseStatement(string name, int line)
    {
        switch (name)
        {
            case "if":
                return ParseIf(line);
            case "for":
                return ParseFor(line);
            case "set":
                return ParseSet(line);
            case "macro":
                return ParseMacro(line);
            case "call":
                return ParseCallBlock(line);
            case "filter":
                List<JinjaFilter> filters = _expressions.ParseFilterChain();
                EndTag();
                return new JinjaFilterBlock(filters, ParseBlock("filter"), line);
            case "with":
                return ParseWith(line);
            case "generation":
                EndTag();
                return new JinjaMarkedPart(ParseBlock("generation"), line);
            case "break" or "continue" when _loops > 0:
                EndTag();
                return new JinjaJump(name == "break" ? JinjaFlow.Break : JinjaFlow.Continue, line);
            default:
                throw _source.Unsupported($"the tag '{name}'", line);
        }
    }

    private void EndTag() => _tokens.Expect(JinjaTokenKind.BlockEnd, "'%}'");

    /// <summary>A body and the tag that ends it.</summary>
    private JinjaBody ParseBlock(string name)
    {
        JinjaBody body = ParseBody(name);
        ExpectEnd(name);
        return body;
    }

    private void ExpectEnd(string name)
    {
        JinjaToken start = _tokens.Take();
        string found = _tokens.Take().Text;
        if (found != "end" + name)
        {
            throw _source.Malformed($"'{found}' stands where 'end{name}' is expected.", start.Line);
        }

        // Jinja lets some end tags repeat a name.
        if (_tokens.Current.Kind == JinjaTokenKind.Name && name == "macro")
        {
            _tokens.Take();
        }

        EndTag();
    }

    private JinjaIf ParseIf(int line)
    {
        var branches = new List<(JinjaExpression Condition, JinjaBody Body)>();
        JinjaBody? otherwise = null;
        JinjaExpression condition = _expressions.ParseTuple();
        EndTag();
        while (true)
        {
            JinjaBody body = ParseBody("if");
            branches.Add((condition, body));
            if (_tokens.Following.IsName("elif"))
            {
                _tokens.Take();
                _tokens.Take();
                condition = _expressions.ParseTuple();
                EndTag();
                continue;
            }

            if (_tokens.Following.IsName("else"))
            {
                _tokens.Take();
                _tokens.Take();
                EndTag();
                otherwise = ParseBody("if");
            }

            ExpectEnd("if");
            return new JinjaIf(branches, otherwise, line);
        }
    }

    private JinjaFor ParseFor(int line)
    {
        JinjaTarget target = _targets.Parse(allowsAttribute: false);
        if (!_tokens.TryTakeName("in"))
        {
            throw _tokens.Unexpected("'in'");
        }

        JinjaExpression items = _expressions.ParseTuple(allowsConditional: false);
        JinjaExpression? filter = _tokens.TryTakeName("if") ? _expressions.Parse() : null;
        if (_tokens.Current.IsName("recursive"))
        {
            throw _source.Unsupported("a recursive loop", line);
        }

        EndTag();
        _loops++;
        JinjaBody body = ParseBody("for");
        _loops--;
        JinjaBody? otherwise = null;
        if (_tokens.Following.IsName("else"))
        {
            _tokens.Take();
            _tokens.Take();
            EndTag();
            otherwise = ParseBody("for");
        }

        ExpectEnd("for");
        return new JinjaFor(target, items, filter, body, otherwise, line);
    }

    private JinjaStatement ParseSet(int line)
    {
        JinjaTarget target = _targets.Parse(allowsAttribute: true);
        if (_tokens.TryTakeOperator("="))
        {
            JinjaExpression value = _expressions.ParseTuple();
            EndTag();
            return new JinjaSet(target, value, line);
        }

        List<JinjaFilter> filters = _tokens.TryTakeOperator("|") ? _expressions.ParseFilterChain() : [];
        EndTag();
        return new JinjaSetBlock(target, filters, ParseBlock("set"), line);
    }

    private JinjaMacroDefinition ParseMacro(int line)
    {
        string name = _tokens.ExpectName();
        _targets.AssignedNames.Add(name);
        List<(string Name, JinjaExpression? Default)> parameters = ParseParameters();
        EndTag();
        return new JinjaMacroDefinition(name, new JinjaMacroShape(parameters, ParseFunctionBody("macro")), line);
    }

    private JinjaCallBlock ParseCallBlock(int line)
    {
        List<(string Name, JinjaExpression? Default)> parameters = _tokens.Current.IsOperator("(") ? ParseParameters() : [];
        JinjaCall call = _expressions.ParseCall();
        EndTag();
        return new JinjaCallBlock(call, new JinjaMacroShape(parameters, ParseFunctionBody("call")), line);
    }

    /// <summary>A body that is run by calling it: loops around it are not its own.</summary>
    private JinjaBody ParseFunctionBody(string name)
    {
        int loops = _loops;
        _loops = 0;
        JinjaBody body = ParseBlock(name);
        _loops = loops;
        return body;
    }

    private List<(string Name, JinjaExpression? Default)> ParseParameters()
    {
        var parameters = new List<(string Name, JinjaExpression? Default)>();
        _tokens.ExpectOperator("(");
        while (!_tokens.TryTakeOperator(")"))
        {
            string name = _tokens.ExpectName();
            _targets.AssignedNames.Add(name);
            parameters.Add((name, _tokens.TryTakeOperator("=") ? _expressions.Parse() : null));
            if (!_tokens.Current.IsOperator(")"))
            {
                _tokens.ExpectOperator(",");
            }
        }

        return parameters;
    }

    private JinjaWith ParseWith(int line)
    {
        var assignments = new List<(JinjaTarget Target, JinjaExpression Value)>();
        while (_tokens.Current.Kind != JinjaTokenKind.BlockEnd)
        {
            JinjaTarget target = _targets.ParseName();
            _tokens.ExpectOperator("=");
            assignments.Add((target, _expressions.Parse()));
            if (_tokens.Current.Kind != JinjaTokenKind.BlockEnd)
            {
                _tokens.ExpectOperator(",");
            }
        }

        EndTag();
        return new JinjaWith(assignments, ParseBlock("with"), line);
    }
}
