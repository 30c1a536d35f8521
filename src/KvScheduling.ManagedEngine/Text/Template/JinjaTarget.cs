namespace KvScheduling.ManagedEngine;

/// <summary>What a value is assigned to: a name, several names, or an attribute of a namespace.</summary>
internal abstract class JinjaTarget
{
    public abstract void Assign(JinjaContext context, JinjaScope scope, object? value);
}

internal sealed class JinjaNameTarget(string name) : JinjaTarget
{
    public override void Assign(JinjaContext context, JinjaScope scope, object? value) => scope.Set(name, value);
}

internal sealed class JinjaAttributeTarget(string name, string attribute) : JinjaTarget
{
    public override void Assign(JinjaContext context, JinjaScope scope, object? value)
    {
        if (!scope.TryGet(name, out object? target) || target is not JinjaNamespace space)
        {
            throw new JinjaException($"'{name}' is no namespace, so '{attribute}' of it can't be set.");
        }

        space.Attributes[attribute] = value;
    }
}

internal sealed class JinjaTupleTarget(List<JinjaTarget> targets) : JinjaTarget
{
    public override void Assign(JinjaContext context, JinjaScope scope, object? value)
    {
        List<object?> items = PythonValue.ToItems(value);
        if (items.Count != targets.Count)
        {
            throw new JinjaException($"{items.Count} values can't be assigned to {targets.Count} names.");
        }

        for (int i = 0; i < targets.Count; i++)
        {
            targets[i].Assign(context, scope, items[i]);
        }
    }
}
