namespace KvScheduling.ManagedEngine;

/// <summary>Attributes, items and slices of values.</summary>
internal static class JinjaAccess
{
    public static object? Attribute(object? target, string name)
    {
        if (target is JinjaUndefined undefined)
        {
            throw new JinjaException($"'{undefined.Name}' is undefined, so it has no '{name}'.");
        }

        if (JinjaMethods.Find(target, name) is { } method)
        {
            return new BoundMethod(target, method);
        }

        return target switch
        {
            JinjaDictionary dictionary when dictionary.TryGet(name, out object? value) => value,
            JinjaNamespace space when space.Attributes.TryGetValue(name, out object? value) => value,
            JinjaLoop loop when loop.TryGet(name, out object? value) => value,
            _ => new JinjaUndefined(name),
        };
    }

    public static object? Item(object? target, object? index)
    {
        switch (target)
        {
            case JinjaUndefined undefined:
                throw new JinjaException($"'{undefined.Name}' is undefined, so it has no item.");
            case JinjaDictionary dictionary when index is string key && dictionary.TryGet(key, out object? value):
                return value;
            case JinjaList list when index is long or bool:
                return At(list.Items, PythonValue.ToLong(index));
            case string text when index is long or bool:
                return At([.. PythonText.Characters(text)], PythonValue.ToLong(index));
            default:
                return index is string name ? Attribute(target, name) : new JinjaUndefined(PythonValue.ToText(index));
        }
    }

    public static object? Slice(object? target, object? start, object? stop, object? step)
    {
        long stride = step is null ? 1 : PythonValue.ToLong(step);
        if (stride == 0)
        {
            throw new JinjaException("the step of a slice is 0.");
        }

        switch (target)
        {
            case JinjaList list:
                return new JinjaList(Slice(list.Items, start, stop, stride), list.IsTuple);
            case string text:
                return string.Concat(Slice(PythonText.Characters(text), start, stop, stride));
            case JinjaUndefined undefined:
                throw new JinjaException($"'{undefined.Name}' is undefined, so it has no items.");
            default:
                throw new JinjaException($"{PythonValue.TypeName(target)} can't be sliced.");
        }
    }

    private static object? At(List<object?> items, long index)
    {
        long position = index < 0 ? index + items.Count : index;
        return position >= 0 && position < items.Count ? items[(int)position] : new JinjaUndefined($"item {index}");
    }

    private static List<T> Slice<T>(List<T> items, object? start, object? stop, long step)
    {
        int count = items.Count;
        int first = Bound(start, step > 0 ? 0 : count - 1, step, count);
        int end = Bound(stop, step > 0 ? count : -1, step, count);
        var result = new List<T>();
        for (long i = first; step > 0 ? i < end : i > end; i += step)
        {
            result.Add(items[(int)i]);
        }

        return result;
    }

    private static int Bound(object? bound, int defaultValue, long step, int count)
    {
        if (bound is null)
        {
            return defaultValue;
        }

        long position = PythonValue.ToLong(bound);
        position = position < 0 ? position + count : position;
        return (int)(step > 0 ? Math.Clamp(position, 0, count) : Math.Clamp(position, -1, count - 1));
    }

    private sealed class BoundMethod(object? target, JinjaFunction method) : JinjaCallable
    {
        public override object? Call(JinjaContext context, JinjaArguments arguments) => method.Call(context, target, arguments);
    }
}
