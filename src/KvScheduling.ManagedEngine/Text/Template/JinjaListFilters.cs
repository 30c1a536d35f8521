namespace KvScheduling.ManagedEngine;

/// <summary>Filters that work through the items of a value.</summary>
internal static class JinjaListFilters
{
    public static IEnumerable<JinjaFunction> All { get; } =
    [
        Filter("list", [], (_, values) => new JinjaList([.. PythonValue.ToItems(values[0])])),
        Filter("first", [], (_, values) => PythonValue.ToItems(values[0]) is [var first, ..] ? first : new JinjaUndefined("the first item of an empty list")),
        Filter("last", [], (_, values) => PythonValue.ToItems(values[0]) is [.., var last] ? last : new JinjaUndefined("the last item of an empty list")),
        Filter("join", ["d?", "attribute?"], Join),
        Filter("reverse", [], Reverse),
        Filter("unique", ["case_sensitive?", "attribute?"], Unique),
        Filter("sort", ["reverse?", "case_sensitive?", "attribute?"], Sort),
        Filter("dictsort", ["case_sensitive?", "by?", "reverse?"], SortEntries),
        Filter("sum", ["attribute?", "start?"], Sum),
        Filter("min", ["case_sensitive?", "attribute?"], (context, values) => Extreme(context, values, sign: -1)),
        Filter("max", ["case_sensitive?", "attribute?"], (context, values) => Extreme(context, values, sign: 1)),
        Filter("map", ["filter?", "first?", "second?", "attribute?", "default?"], Map),
        Filter("select", ["test?", "other?"], (context, values) => Select(context, values[0], item => item, values[1], values[2], keeps: true)),
        Filter("reject", ["test?", "other?"], (context, values) => Select(context, values[0], item => item, values[1], values[2], keeps: false)),
        Filter("selectattr", ["attribute", "test?", "other?"],
            (context, values) => Select(context, values[0], item => AttributeOf(item, values[1]), values[2], values[3], keeps: true)),
        Filter("rejectattr", ["attribute", "test?", "other?"],
            (context, values) => Select(context, values[0], item => AttributeOf(item, values[1]), values[2], values[3], keeps: false)),
    ];

    private static JinjaFunction Filter(string name, string[] parameters, Func<JinjaContext, object?[], object?> body) =>
        new(name, new JinjaSignature(["value", .. parameters]), body);

    /// <summary>An attribute by its name, perhaps with dots, or by its place.</summary>
    private static object? AttributeOf(object? item, object? attribute)
    {
        if (attribute is not string path)
        {
            return JinjaAccess.Item(item, attribute);
        }

        foreach (string name in path.Split('.'))
        {
            item = long.TryParse(name, out long index) ? JinjaAccess.Item(item, index) : JinjaAccess.Item(item, name);
        }

        return item;
    }

    private static string Join(JinjaContext context, object?[] values)
    {
        List<object?> items = PythonValue.ToItems(values[0]);
        if (JinjaFilters.IsGiven(values[2]))
        {
            items = items.ConvertAll(item => AttributeOf(item, values[2]));
        }

        return JinjaFilters.Join(context, items, JinjaFilters.IsGiven(values[1]) ? PythonValue.ToText(values[1]) : "");
    }

    private static object? Reverse(JinjaContext context, object?[] values)
    {
        if (values[0] is string text)
        {
            return JinjaAccess.Slice(text, null, null, -1L);
        }

        List<object?> items = [.. PythonValue.ToItems(values[0])];
        items.Reverse();
        return new JinjaList(items);
    }

    /// <summary>What an item is compared by: an attribute of it, without regard to case unless asked for.</summary>
    private static object? KeyOf(object? item, object? attribute, object? isCaseSensitive)
    {
        object? key = JinjaFilters.IsGiven(attribute) ? AttributeOf(item, attribute) : item;
        bool keepsCase = JinjaFilters.IsGiven(isCaseSensitive) && PythonValue.IsTrue(isCaseSensitive);
        return key is string text && !keepsCase ? text.ToLowerInvariant() : key;
    }

    private static JinjaList Unique(JinjaContext context, object?[] values)
    {
        var keys = new List<object?>();
        var items = new List<object?>();
        foreach (object? item in PythonValue.ToItems(values[0]))
        {
            context.CountIteration();
            object? key = KeyOf(item, values[2], values[1]);
            if (!keys.Exists(other => PythonValue.AreEqual(other, key)))
            {
                keys.Add(key);
                items.Add(item);
            }
        }

        return new JinjaList(items);
    }

    private static JinjaList Sort(JinjaContext context, object?[] values)
    {
        var order = Comparer<object?>.Create(PythonValue.Compare);
        IEnumerable<object?> items = PythonValue.ToItems(values[0]);
        bool isReversed = JinjaFilters.IsGiven(values[1]) && PythonValue.IsTrue(values[1]);
        object? Key(object? item) => KeyOf(item, values[3], values[2]);
        return new JinjaList(Ordered(() => isReversed ? [.. items.OrderByDescending(Key, order)] : [.. items.OrderBy(Key, order)]));
    }

    private static JinjaList SortEntries(JinjaContext context, object?[] values)
    {
        if (values[0] is not JinjaDictionary dictionary)
        {
            throw new JinjaException($"dictsort needs a dictionary, not {PythonValue.TypeName(values[0])}.");
        }

        var order = Comparer<object?>.Create(PythonValue.Compare);
        int by = JinjaFilters.IsGiven(values[2]) && values[2] is "value" ? 1 : 0;
        bool isReversed = JinjaFilters.IsGiven(values[3]) && PythonValue.IsTrue(values[3]);
        object? Key(object? pair) => KeyOf(((JinjaList)pair!).Items[by], JinjaSignature.Missing, values[1]);
        List<object?> pairs = JinjaMethods.Items(dictionary).Items;
        return new JinjaList(Ordered(() => isReversed ? [.. pairs.OrderByDescending(Key, order)] : [.. pairs.OrderBy(Key, order)]));
    }

    private static List<object?> Ordered(Func<List<object?>> sort)
    {
        try
        {
            return sort();
        }
        catch (InvalidOperationException exception) when (exception.InnerException is JinjaException inner)
        {
            throw new JinjaException(inner.Message);
        }
    }

    private static object? Sum(JinjaContext context, object?[] values)
    {
        object? total = JinjaFilters.IsGiven(values[2]) ? values[2] : 0L;
        foreach (object? item in PythonValue.ToItems(values[0]))
        {
            total = PythonArithmetic.Add(context, total, JinjaFilters.IsGiven(values[1]) ? AttributeOf(item, values[1]) : item);
        }

        return total;
    }

    private static object? Extreme(JinjaContext context, object?[] values, int sign)
    {
        List<object?> items = PythonValue.ToItems(values[0]);
        if (items.Count == 0)
        {
            return new JinjaUndefined("the extreme of an empty list");
        }

        object? best = items[0];
        foreach (object? item in items)
        {
            if (PythonValue.Compare(KeyOf(item, values[2], values[1]), KeyOf(best, values[2], values[1])) * sign > 0)
            {
                best = item;
            }
        }

        return best;
    }

    private static JinjaList Map(JinjaContext context, object?[] values)
    {
        List<object?> items = PythonValue.ToItems(values[0]);
        if (JinjaFilters.IsGiven(values[4]))
        {
            return new JinjaList(items.ConvertAll(item =>
            {
                object? found = AttributeOf(item, values[4]);
                return found is JinjaUndefined && JinjaFilters.IsGiven(values[5]) ? values[5] : found;
            }));
        }

        string name = values[1] as string ?? throw new JinjaException("map needs the name of a filter or an attribute.");
        JinjaFunction filter = JinjaFilters.Find(name) ?? throw context.Unsupported($"the filter '{name}'");
        object?[] arguments = [.. values[2..4].Where(JinjaFilters.IsGiven)];
        return new JinjaList(items.ConvertAll(item => filter.Call(context, item, new JinjaArguments(arguments, []))));
    }

    private static JinjaList Select(JinjaContext context, object? value, Func<object?, object?> subject, object? test, object? other, bool keeps)
    {
        Func<object?, bool> isMatch = PythonValue.IsTrue;
        if (JinjaFilters.IsGiven(test))
        {
            string name = test as string ?? throw new JinjaException("the name of a test is needed.");
            JinjaFunction function = JinjaPredicates.Find(name) ?? throw context.Unsupported($"the test '{name}'");
            object?[] arguments = JinjaFilters.IsGiven(other) ? [other] : [];
            isMatch = item => PythonValue.IsTrue(function.Call(context, item, new JinjaArguments(arguments, [])));
        }

        return new JinjaList(PythonValue.ToItems(value).FindAll(item =>
        {
            context.CountIteration();
            return isMatch(subject(item)) == keeps;
        }));
    }
}
