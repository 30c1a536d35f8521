namespace KvScheduling.ManagedEngine;

// A value of a template is null (none), bool, long, double, string or one of these.

/// <summary>A name or attribute that does not exist: empty where it is written or looped over, an error where anything else is done with it.</summary>
/// <param name="Name">What does not exist.</param>
internal sealed record JinjaUndefined(string Name);

/// <summary>A whole number of the conversation that needs more than 64 bits: it can only be written.</summary>
/// <param name="Digits">The number as it was given.</param>
internal sealed record JinjaLongNumber(string Digits);

/// <summary>A list or tuple.</summary>
/// <param name="Items">Its items; never changed.</param>
/// <param name="IsTuple">Whether it is written with parentheses.</param>
internal sealed record JinjaList(List<object?> Items, bool IsTuple = false);

/// <summary>A dictionary with text keys, in the order they were added.</summary>
internal sealed class JinjaDictionary
{
    private readonly OrderedDictionary<string, object?> _entries = new(StringComparer.Ordinal);

    public int Count => _entries.Count;

    public IEnumerable<KeyValuePair<string, object?>> Entries => _entries;

    public IEnumerable<string> Keys => _entries.Keys;

    public object? this[string key]
    {
        set => _entries[key] = value;
    }

    public bool Contains(string key) => _entries.ContainsKey(key);

    public bool TryGet(string key, out object? value) => _entries.TryGetValue(key, out value);
}

/// <summary>What <c>namespace()</c> makes: its attributes can be set from inner scopes.</summary>
internal sealed class JinjaNamespace
{
    public Dictionary<string, object?> Attributes { get; } = new(StringComparer.Ordinal);
}

/// <summary>The state of a <c>for</c> loop, which templates see as <c>loop</c>.</summary>
internal sealed class JinjaLoop(List<object?> items)
{
    public int Index { get; set; }

    public bool TryGet(string name, out object? value)
    {
        value = name switch
        {
            "index" => (long)Index + 1,
            "index0" => (long)Index,
            "revindex" => (long)items.Count - Index,
            "revindex0" => (long)items.Count - Index - 1,
            "first" => Index == 0,
            "last" => Index == items.Count - 1,
            "length" => (long)items.Count,
            "depth" => 1L,
            "depth0" => 0L,
            "previtem" => Index > 0 ? items[Index - 1] : new JinjaUndefined("there is no previous item"),
            "nextitem" => Index + 1 < items.Count ? items[Index + 1] : new JinjaUndefined("there is no next item"),
            _ => this,
        };
        return !ReferenceEquals(value, this);
    }
}

/// <summary>Something that can be called: a function, macro or method of a value.</summary>
internal abstract class JinjaCallable
{
    public abstract object? Call(JinjaContext context, JinjaArguments arguments);
}

/// <summary>The arguments of a call.</summary>
/// <param name="Positional">Arguments by place.</param>
/// <param name="Named">Arguments by name.</param>
internal readonly record struct JinjaArguments(object?[] Positional, KeyValuePair<string, object?>[] Named)
{
    public static JinjaArguments None { get; } = new([], []);
}

/// <summary>A template failed while it was rendered; becomes an <see cref="ArgumentException"/> that names the line.</summary>
internal sealed class JinjaException(string message) : Exception(message);
