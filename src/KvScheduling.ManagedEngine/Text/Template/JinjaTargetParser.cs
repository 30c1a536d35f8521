namespace KvScheduling.ManagedEngine;

/// <summary>Parses what values are assigned to, and remembers the names.</summary>
internal sealed class JinjaTargetParser(JinjaTokens tokens)
{
    /// <summary>Every name that the template gives a value to.</summary>
    public HashSet<string> AssignedNames { get; } = new(StringComparer.Ordinal);

    /// <summary>A name, several names with commas between, or an attribute of a namespace.</summary>
    public JinjaTarget Parse(bool allowsAttribute)
    {
        var targets = new List<JinjaTarget>();
        bool isTuple = false;
        bool isEnclosed = tokens.TryTakeOperator("(");
        do
        {
            if (targets.Count > 0 && tokens.Current.Kind != JinjaTokenKind.Name && !tokens.Current.IsOperator("("))
            {
                break;
            }

            targets.Add(tokens.Current.IsOperator("(") ? Parse(allowsAttribute: false) : ParseSingle(allowsAttribute));
            isTuple |= tokens.Current.IsOperator(",");
        }
        while (tokens.TryTakeOperator(","));

        if (isEnclosed)
        {
            tokens.ExpectOperator(")");
        }

        return isTuple ? new JinjaTupleTarget(targets) : targets[0];
    }

    /// <summary>A name.</summary>
    public JinjaNameTarget ParseName()
    {
        string name = tokens.ExpectName();
        AssignedNames.Add(name);
        return new JinjaNameTarget(name);
    }

    private JinjaTarget ParseSingle(bool allowsAttribute)
    {
        if (!allowsAttribute || !tokens.Following.IsOperator("."))
        {
            return ParseName();
        }

        string name = tokens.ExpectName();
        tokens.ExpectOperator(".");
        return new JinjaAttributeTarget(name, tokens.ExpectName());
    }
}
