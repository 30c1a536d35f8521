namespace KvScheduling.ManagedEngine;

/// <summary>What a statement does to the loop around it.</summary>
internal enum JinjaFlow
{
    /// <summary>Nothing; go on.</summary>
    Next,

    /// <summary>Go on with the next item.</summary>
    Continue,

    /// <summary>Leave the loop.</summary>
    Break,
}

/// <summary>A statement of a compiled template. Immutable and thread-safe; what changes is in the context.</summary>
/// <param name="line">The line it starts in.</param>
internal abstract class JinjaStatement(int line)
{
    public JinjaFlow Execute(JinjaContext context)
    {
        context.Line = line;
        return Run(context);
    }

    protected abstract JinjaFlow Run(JinjaContext context);
}

/// <summary>Statements one after another.</summary>
internal sealed class JinjaBody(List<JinjaStatement> statements)
{
    public JinjaFlow Execute(JinjaContext context)
    {
        foreach (JinjaStatement statement in statements)
        {
            JinjaFlow flow = statement.Execute(context);
            if (flow != JinjaFlow.Next)
            {
                return flow;
            }
        }

        return JinjaFlow.Next;
    }

    /// <summary>Executes in a scope that is left afterwards.</summary>
    public JinjaFlow ExecuteIn(JinjaContext context, JinjaScope scope)
    {
        JinjaScope outer = context.Scope;
        context.Scope = scope;
        try
        {
            return Execute(context);
        }
        finally
        {
            context.Scope = outer;
        }
    }
}

internal sealed class JinjaText(string text, int line) : JinjaStatement(line)
{
    protected override JinjaFlow Run(JinjaContext context)
    {
        context.Write(text);
        return JinjaFlow.Next;
    }
}

internal sealed class JinjaOutput(JinjaExpression value, int line) : JinjaStatement(line)
{
    protected override JinjaFlow Run(JinjaContext context)
    {
        context.Write(PythonValue.ToText(value.Evaluate(context)));
        return JinjaFlow.Next;
    }
}

internal sealed class JinjaIf(List<(JinjaExpression Condition, JinjaBody Body)> branches, JinjaBody? otherwise, int line) : JinjaStatement(line)
{
    protected override JinjaFlow Run(JinjaContext context)
    {
        foreach ((JinjaExpression condition, JinjaBody body) in branches)
        {
            if (PythonValue.IsTrue(condition.Evaluate(context)))
            {
                return body.Execute(context);
            }
        }

        return otherwise?.Execute(context) ?? JinjaFlow.Next;
    }
}

internal sealed class JinjaFor(JinjaTarget target, JinjaExpression items, JinjaExpression? filter, JinjaBody body, JinjaBody? otherwise, int line)
    : JinjaStatement(line)
{
    protected override JinjaFlow Run(JinjaContext context)
    {
        List<object?> values = PythonValue.ToItems(items.Evaluate(context));
        if (filter is not null)
        {
            values = values.FindAll(value => IsKept(context, value));
        }

        if (values.Count == 0)
        {
            return otherwise?.ExecuteIn(context, new JinjaScope(context.Scope)) ?? JinjaFlow.Next;
        }

        var loop = new JinjaLoop(values);
        for (int i = 0; i < values.Count; i++)
        {
            context.CountIteration();
            loop.Index = i;
            var scope = new JinjaScope(context.Scope);
            scope.Set("loop", loop);
            target.Assign(context, scope, values[i]);
            if (body.ExecuteIn(context, scope) == JinjaFlow.Break)
            {
                break;
            }
        }

        return JinjaFlow.Next;
    }

    private bool IsKept(JinjaContext context, object? value)
    {
        context.CountIteration();
        JinjaScope outer = context.Scope;
        var scope = new JinjaScope(outer);
        target.Assign(context, scope, value);
        context.Scope = scope;
        try
        {
            return PythonValue.IsTrue(filter!.Evaluate(context));
        }
        finally
        {
            context.Scope = outer;
        }
    }
}

internal sealed class JinjaSet(JinjaTarget target, JinjaExpression value, int line) : JinjaStatement(line)
{
    protected override JinjaFlow Run(JinjaContext context)
    {
        target.Assign(context, context.Scope, value.Evaluate(context));
        return JinjaFlow.Next;
    }
}

/// <summary><c>{% set x %}…{% endset %}</c>, perhaps with filters.</summary>
internal sealed class JinjaSetBlock(JinjaTarget target, List<JinjaFilter> filters, JinjaBody body, int line) : JinjaStatement(line)
{
    protected override JinjaFlow Run(JinjaContext context)
    {
        object? value = context.Capture(() => body.ExecuteIn(context, new JinjaScope(context.Scope)));
        foreach (JinjaFilter filter in filters)
        {
            value = filter.Apply(context, value);
        }

        target.Assign(context, context.Scope, value);
        return JinjaFlow.Next;
    }
}

/// <summary><c>{% filter upper %}…{% endfilter %}</c>.</summary>
internal sealed class JinjaFilterBlock(List<JinjaFilter> filters, JinjaBody body, int line) : JinjaStatement(line)
{
    protected override JinjaFlow Run(JinjaContext context)
    {
        object? value = context.Capture(() => body.ExecuteIn(context, new JinjaScope(context.Scope)));
        foreach (JinjaFilter filter in filters)
        {
            value = filter.Apply(context, value);
        }

        context.Write(PythonValue.ToText(value));
        return JinjaFlow.Next;
    }
}

/// <summary><c>{% with x = 1 %}…{% endwith %}</c>.</summary>
internal sealed class JinjaWith(List<(JinjaTarget Target, JinjaExpression Value)> assignments, JinjaBody body, int line) : JinjaStatement(line)
{
    protected override JinjaFlow Run(JinjaContext context)
    {
        var scope = new JinjaScope(context.Scope);
        foreach ((JinjaTarget target, JinjaExpression value) in assignments)
        {
            target.Assign(context, scope, value.Evaluate(context));
        }

        return body.ExecuteIn(context, scope);
    }
}

/// <summary>A part whose only purpose is to be marked, as <c>{% generation %}</c>.</summary>
internal sealed class JinjaMarkedPart(JinjaBody body, int line) : JinjaStatement(line)
{
    protected override JinjaFlow Run(JinjaContext context) => body.Execute(context);
}

/// <summary><c>break</c> and <c>continue</c>.</summary>
internal sealed class JinjaJump(JinjaFlow flow, int line) : JinjaStatement(line)
{
    protected override JinjaFlow Run(JinjaContext context) => flow;
}

internal sealed class JinjaMacroDefinition(string name, JinjaMacroShape shape, int line) : JinjaStatement(line)
{
    protected override JinjaFlow Run(JinjaContext context)
    {
        context.Scope.Set(name, new JinjaMacro(name, shape, context.Scope));
        return JinjaFlow.Next;
    }
}

/// <summary><c>{% call m() %}…{% endcall %}</c>: the macro gets the body as <c>caller</c>.</summary>
internal sealed class JinjaCallBlock(JinjaCall call, JinjaMacroShape caller, int line) : JinjaStatement(line)
{
    protected override JinjaFlow Run(JinjaContext context)
    {
        context.Write(PythonValue.ToText(call.CallWith(context, new JinjaMacro("caller", caller, context.Scope))));
        return JinjaFlow.Next;
    }
}
