using System.Collections.Frozen;

namespace KvScheduling.ManagedEngine;

/// <summary>The functions that every chat template may call.</summary>
internal static class JinjaGlobals
{
    // The limit of Jinja's sandbox.
    private const int MaxRange = 100_000;

    private static readonly FrozenDictionary<string, JinjaCallable> Functions = new JinjaCallable[]
    {
        new JinjaFunction("range", new JinjaSignature("start", "stop?", "step?"), Range),
        new JinjaFunction("raise_exception", new JinjaSignature("message"), (_, values) => throw new JinjaRefusalException(PythonValue.ToText(values[0]))),
        new JinjaFunction("strftime_now", new JinjaSignature("format"), (context, values) =>
            PythonDate.Format(context, values[0] as string ?? throw new JinjaException("strftime_now needs a format."))),
    }.ToFrozenDictionary(function => ((JinjaFunction)function).Name);

    public static bool IsKnown(string name) => name is "namespace" or "dict" || Functions.ContainsKey(name);

    /// <summary>Puts the functions into a scope.</summary>
    public static void AddTo(JinjaScope scope)
    {
        foreach ((string name, JinjaCallable function) in Functions)
        {
            scope.Set(name, function);
        }

        scope.Set("namespace", new Maker(MakeNamespace));
        scope.Set("dict", new Maker(MakeDictionary));
    }

    private static JinjaList Range(JinjaContext context, object?[] values)
    {
        bool hasStop = !ReferenceEquals(values[1], JinjaSignature.Missing);
        long start = hasStop ? PythonValue.ToLong(values[0]) : 0;
        long stop = PythonValue.ToLong(values[hasStop ? 1 : 0]);
        long step = ReferenceEquals(values[2], JinjaSignature.Missing) ? 1 : PythonValue.ToLong(values[2]);
        if (step == 0)
        {
            throw new JinjaException("the step of range is 0.");
        }

        var items = new List<object?>();
        for (Int128 i = start; step > 0 ? i < stop : i > stop; i += step)
        {
            if (items.Count >= MaxRange)
            {
                throw new JinjaException($"range makes more than {MaxRange} numbers.");
            }

            items.Add((long)i);
        }

        return new JinjaList(items);
    }

    private static JinjaNamespace MakeNamespace(IEnumerable<KeyValuePair<string, object?>> entries)
    {
        var space = new JinjaNamespace();
        foreach ((string name, object? value) in entries)
        {
            space.Attributes[name] = value;
        }

        return space;
    }

    private static JinjaDictionary MakeDictionary(IEnumerable<KeyValuePair<string, object?>> entries)
    {
        var dictionary = new JinjaDictionary();
        foreach ((string name, object? value) in entries)
        {
            dictionary[name] = value;
        }

        return dictionary;
    }

    /// <summary>Makes something of a dictionary and named arguments.</summary>
    private sealed class Maker(Func<IEnumerable<KeyValuePair<string, object?>>, object> make) : JinjaCallable
    {
        public override object? Call(JinjaContext context, JinjaArguments arguments)
        {
            IEnumerable<KeyValuePair<string, object?>> entries = arguments.Positional switch
            {
                [] => [],
                [JinjaDictionary dictionary] => dictionary.Entries,
                _ => throw context.Unsupported("namespace or dict of something that is no dictionary"),
            };
            return make(entries.Concat(arguments.Named));
        }
    }
}
