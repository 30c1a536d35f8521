namespace KvScheduling.ManagedEngine;

/// <summary>The parameters of a filter, test, function or method, and how arguments meet them.</summary>
internal sealed class JinjaSignature
{
    /// <summary>Stands in place of an argument that was not given.</summary>
    public static readonly object Missing = new();

    private readonly string[] _parameters;
    private readonly int _required;

    /// <param name="parameters">Names in order; one that ends in <c>?</c> may be left out.</param>
    public JinjaSignature(params string[] parameters)
    {
        _required = parameters.TakeWhile(name => !name.EndsWith('?')).Count();
        _parameters = [.. parameters.Select(name => name.TrimEnd('?'))];
    }

    /// <summary>What is wrong with a call of this shape; <see langword="null"/> when nothing is.</summary>
    public string? Check(int positional, IReadOnlyList<string> named)
    {
        if (positional > _parameters.Length)
        {
            return $"{positional} arguments";
        }

        foreach (string name in named)
        {
            int index = Array.IndexOf(_parameters, name);
            if (index < positional)
            {
                return $"the argument '{name}'";
            }
        }

        for (int i = positional; i < _required; i++)
        {
            if (!named.Contains(_parameters[i]))
            {
                return $"no argument '{_parameters[i]}'";
            }
        }

        return null;
    }

    /// <summary>One value for each parameter, or <see cref="Missing"/>.</summary>
    public object?[] Bind(string function, JinjaArguments arguments)
    {
        if (Check(arguments.Positional.Length, [.. arguments.Named.Select(argument => argument.Key)]) is { } problem)
        {
            throw new JinjaException($"'{function}' is called with {problem}.");
        }

        var values = new object?[_parameters.Length];
        Array.Fill(values, Missing);
        arguments.Positional.CopyTo(values, 0);
        foreach ((string name, object? value) in arguments.Named)
        {
            values[Array.IndexOf(_parameters, name)] = value;
        }

        return values;
    }
}

/// <summary>A built-in function, filter, test or method.</summary>
/// <param name="name">Its name.</param>
/// <param name="signature">Its parameters.</param>
/// <param name="body">What it does; gets one value for each parameter.</param>
internal sealed class JinjaFunction(string name, JinjaSignature signature, Func<JinjaContext, object?[], object?> body) : JinjaCallable
{
    public string Name => name;

    public JinjaSignature Signature => signature;

    public override object? Call(JinjaContext context, JinjaArguments arguments) => body(context, signature.Bind(name, arguments));

    /// <summary>Calls with a value before the arguments, as filters, tests and methods are.</summary>
    public object? Call(JinjaContext context, object? value, JinjaArguments arguments) =>
        Call(context, arguments with { Positional = [value, .. arguments.Positional] });
}
