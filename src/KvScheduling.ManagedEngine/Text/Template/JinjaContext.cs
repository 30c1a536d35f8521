using System.Text;

namespace KvScheduling.ManagedEngine;

/// <summary>Names and their values; inner scopes see outer ones.</summary>
internal sealed class JinjaScope(JinjaScope? outer)
{
    private readonly Dictionary<string, object?> _values = new(StringComparer.Ordinal);

    public void Set(string name, object? value) => _values[name] = value;

    public bool TryGet(string name, out object? value)
    {
        for (JinjaScope? scope = this; scope is not null; scope = scope.Outer)
        {
            if (scope._values.TryGetValue(name, out value))
            {
                return true;
            }
        }

        value = null;
        return false;
    }

    private JinjaScope? Outer { get; } = outer;
}

/// <summary>The state of one rendering: the scope, the output, and limits that a template can't exceed.</summary>
internal sealed class JinjaContext
{
    // Beyond any prompt: of the longest contexts, a million tokens, this is eight characters a token.
    private const int MaxCharacters = 1 << 23;
    private const int MaxItems = 1 << 20;
    private const int MaxIterations = 1 << 20;
    private const int MaxCallDepth = 64;

    private readonly JinjaSource _source;
    private long _charactersMade;
    private int _iterations;
    private int _callDepth;

    public JinjaContext(JinjaSource source, TimeProvider timeProvider, JinjaScope scope)
    {
        _source = source;
        TimeProvider = timeProvider;
        Scope = scope;
        Output = new StringBuilder();
    }

    public TimeProvider TimeProvider { get; }

    public JinjaScope Scope { get; set; }

    public StringBuilder Output { get; private set; }

    /// <summary>The line of the statement that runs.</summary>
    public int Line { get; set; }

    public void Write(string text)
    {
        CheckLength((long)Output.Length + text.Length);
        Output.Append(text);
    }

    /// <summary>Renders something into a text of its own.</summary>
    public string Capture(Action render)
    {
        StringBuilder outer = Output;
        Output = new StringBuilder();
        try
        {
            render();
            string text = Output.ToString();
            CountMade(text.Length);
            return text;
        }
        finally
        {
            Output = outer;
        }
    }

    /// <summary>Two texts as one, if it isn't too long.</summary>
    public string Limit(string first, string second)
    {
        CheckLength((long)first.Length + second.Length);
        CountMade(first.Length + second.Length);
        return string.Concat(first, second);
    }

    /// <summary>Refuses a text that is too long.</summary>
    public static void CheckLength(long length)
    {
        if (length > MaxCharacters)
        {
            throw new JinjaException($"it makes more than {MaxCharacters} characters.");
        }
    }

    /// <summary>Refuses a list that is too long.</summary>
    public static void CheckItems(long count)
    {
        if (count > MaxItems)
        {
            throw new JinjaException($"it makes a list of more than {MaxItems} items.");
        }
    }

    /// <summary>Counts work on texts and lists, which is bounded too: without that a loop could join two long texts for hours.</summary>
    public void CountMade(int characters)
    {
        _charactersMade += characters;
        if (_charactersMade > 64L * MaxCharacters)
        {
            throw new JinjaException("it joins texts or lists without end.");
        }
    }

    public void CountIteration()
    {
        if (++_iterations > MaxIterations)
        {
            throw new JinjaException($"its loops run more than {MaxIterations} times.");
        }
    }

    /// <summary>Runs the body of a macro in a scope of its own.</summary>
    public object? Enter(JinjaScope scope, Func<object?> body)
    {
        if (_callDepth >= MaxCallDepth)
        {
            throw new JinjaException($"its macros call each other more than {MaxCallDepth} deep.");
        }

        JinjaScope outer = Scope;
        int line = Line;
        Scope = scope;
        _callDepth++;
        try
        {
            return body();
        }
        finally
        {
            _callDepth--;
            Scope = outer;
            Line = line;
        }
    }

    public NotSupportedException Unsupported(string construct) => _source.Unsupported(construct, Line);
}
