namespace KvScheduling.ManagedEngine;

/// <summary>An expression of a compiled template. Immutable and thread-safe; what changes is in the context.</summary>
internal abstract class JinjaExpression
{
    public abstract object? Evaluate(JinjaContext context);
}

internal sealed class JinjaLiteral(object? value) : JinjaExpression
{
    public object? Value => value;

    public override object? Evaluate(JinjaContext context) => value;
}

internal sealed class JinjaName(string name) : JinjaExpression
{
    public string Name => name;

    public override object? Evaluate(JinjaContext context) => context.Scope.TryGet(name, out object? value) ? value : new JinjaUndefined(name);
}

/// <summary>A list or tuple literal.</summary>
internal sealed class JinjaListLiteral(List<JinjaExpression> items, bool isTuple) : JinjaExpression
{
    public override object? Evaluate(JinjaContext context) => new JinjaList(items.ConvertAll(item => item.Evaluate(context)), isTuple);
}

/// <summary>A dictionary literal.</summary>
internal sealed class JinjaDictionaryLiteral(List<(JinjaExpression Key, JinjaExpression Value)> entries) : JinjaExpression
{
    public override object? Evaluate(JinjaContext context)
    {
        var dictionary = new JinjaDictionary();
        foreach ((JinjaExpression key, JinjaExpression value) in entries)
        {
            string name = key.Evaluate(context) as string ?? throw context.Unsupported("a dictionary key that is not a string");
            dictionary[name] = value.Evaluate(context);
        }

        return dictionary;
    }
}

/// <summary><c>target.name</c>: a method or attribute of the value, or an entry of a dictionary.</summary>
internal sealed class JinjaAttribute(JinjaExpression target, string name) : JinjaExpression
{
    public JinjaExpression Target => target;

    public string Name => name;

    public override object? Evaluate(JinjaContext context) => JinjaAccess.Attribute(target.Evaluate(context), name);
}

/// <summary><c>target[index]</c>.</summary>
internal sealed class JinjaItem(JinjaExpression target, JinjaExpression index) : JinjaExpression
{
    public override object? Evaluate(JinjaContext context) => JinjaAccess.Item(target.Evaluate(context), index.Evaluate(context));
}

/// <summary><c>target[start:stop:step]</c>.</summary>
internal sealed class JinjaSlice(JinjaExpression target, JinjaExpression? start, JinjaExpression? stop, JinjaExpression? step) : JinjaExpression
{
    public override object? Evaluate(JinjaContext context) =>
        JinjaAccess.Slice(target.Evaluate(context), start?.Evaluate(context), stop?.Evaluate(context), step?.Evaluate(context));
}

/// <summary>The arguments of a call as they are written.</summary>
internal sealed class JinjaArgumentList(List<JinjaExpression> positional, List<(string Name, JinjaExpression Value)> named)
{
    public int PositionalCount => positional.Count;

    public IReadOnlyList<string> Names { get; } = [.. named.Select(argument => argument.Name)];

    public JinjaArguments Evaluate(JinjaContext context)
    {
        if (positional.Count == 0 && named.Count == 0)
        {
            return JinjaArguments.None;
        }

        var values = new object?[positional.Count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = positional[i].Evaluate(context);
        }

        return new JinjaArguments(values, [.. named.Select(argument => KeyValuePair.Create(argument.Name, argument.Value.Evaluate(context)))]);
    }
}

internal sealed class JinjaCall(JinjaExpression target, JinjaArgumentList arguments) : JinjaExpression
{
    public override object? Evaluate(JinjaContext context) => Call(context, arguments.Evaluate(context));

    public object? Call(JinjaContext context, JinjaArguments values)
    {
        return target.Evaluate(context) switch
        {
            JinjaCallable callable => callable.Call(context, values),
            JinjaUndefined undefined => throw new JinjaException($"'{undefined.Name}' is undefined and can't be called."),
            var other => throw new JinjaException($"{PythonValue.TypeName(other)} can't be called."),
        };
    }

    /// <summary>Calls with a caller, as a <c>call</c> block does.</summary>
    public object? CallWith(JinjaContext context, JinjaCallable caller)
    {
        JinjaArguments values = arguments.Evaluate(context);
        return Call(context, values with { Named = [.. values.Named, KeyValuePair.Create("caller", (object?)caller)] });
    }
}

internal sealed class JinjaFilter(JinjaExpression? value, JinjaFunction filter, JinjaArgumentList arguments) : JinjaExpression
{
    public override object? Evaluate(JinjaContext context) => Apply(context, value!.Evaluate(context));

    public object? Apply(JinjaContext context, object? input) => filter.Call(context, input, arguments.Evaluate(context));
}

internal sealed class JinjaTest(JinjaExpression value, JinjaFunction test, JinjaArgumentList arguments) : JinjaExpression
{
    public override object? Evaluate(JinjaContext context) => test.Call(context, value.Evaluate(context), arguments.Evaluate(context));
}

internal sealed class JinjaNot(JinjaExpression value) : JinjaExpression
{
    public override object? Evaluate(JinjaContext context) => !PythonValue.IsTrue(value.Evaluate(context));
}

/// <summary><c>and</c> and <c>or</c>, which give one of their operands.</summary>
internal sealed class JinjaLogical(JinjaExpression left, JinjaExpression right, bool isAnd) : JinjaExpression
{
    public override object? Evaluate(JinjaContext context)
    {
        object? first = left.Evaluate(context);
        return PythonValue.IsTrue(first) == isAnd ? right.Evaluate(context) : first;
    }
}

/// <summary><c>value if condition else other</c>.</summary>
internal sealed class JinjaConditional(JinjaExpression condition, JinjaExpression value, JinjaExpression? other) : JinjaExpression
{
    public override object? Evaluate(JinjaContext context) =>
        PythonValue.IsTrue(condition.Evaluate(context)) ? value.Evaluate(context)
        : other is not null ? other.Evaluate(context) : new JinjaUndefined("the inline if without else");
}

/// <summary>A chain of comparisons: <c>a &lt; b &lt;= c</c>.</summary>
internal sealed class JinjaComparison(JinjaExpression first, List<(string Operator, JinjaExpression Operand)> rest) : JinjaExpression
{
    public override object? Evaluate(JinjaContext context)
    {
        object? left = first.Evaluate(context);
        foreach ((string sign, JinjaExpression operand) in rest)
        {
            object? right = operand.Evaluate(context);
            if (!Holds(sign, left, right))
            {
                return false;
            }

            left = right;
        }

        return true;
    }

    private static bool Holds(string sign, object? left, object? right) => sign switch
    {
        "==" => PythonValue.AreEqual(left, right),
        "!=" => !PythonValue.AreEqual(left, right),
        "<" => PythonValue.Compare(left, right) < 0,
        "<=" => PythonValue.Compare(left, right) <= 0,
        ">" => PythonValue.Compare(left, right) > 0,
        ">=" => PythonValue.Compare(left, right) >= 0,
        "in" => PythonValue.Contains(right, left),
        _ => !PythonValue.Contains(right, left),
    };
}

/// <summary>An operation on two values.</summary>
internal sealed class JinjaBinary(JinjaExpression left, JinjaExpression right, Func<JinjaContext, object?, object?, object?> operation) : JinjaExpression
{
    public override object? Evaluate(JinjaContext context) => operation(context, left.Evaluate(context), right.Evaluate(context));
}

/// <summary>A sign before a value.</summary>
internal sealed class JinjaSign(JinjaExpression value, bool isNegative) : JinjaExpression
{
    public override object? Evaluate(JinjaContext context) =>
        isNegative ? PythonArithmetic.Negate(value.Evaluate(context)) : PythonArithmetic.Plus(value.Evaluate(context));
}

/// <summary><c>a ~ b</c>: the texts of both.</summary>
internal sealed class JinjaConcatenation(JinjaExpression left, JinjaExpression right) : JinjaExpression
{
    public override object? Evaluate(JinjaContext context) =>
        context.Limit(PythonValue.ToText(left.Evaluate(context)), PythonValue.ToText(right.Evaluate(context)));
}
