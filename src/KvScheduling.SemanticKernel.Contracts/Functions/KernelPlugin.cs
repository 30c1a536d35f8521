using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Microsoft.SemanticKernel;

public abstract class KernelPlugin : IEnumerable<KernelFunction>
{
    protected KernelPlugin(string name, string? description = null)
    {
        Name = name;
        Description = description ?? string.Empty;
    }

    public string Name { get; }

    public string Description { get; }

    public abstract int FunctionCount { get; }

    public KernelFunction this[string functionName] =>
        TryGetFunction(functionName, out KernelFunction? function) ? function
            : throw new KeyNotFoundException($"The plugin {Name} has no function {functionName}.");

    public abstract bool TryGetFunction(string name, [NotNullWhen(true)] out KernelFunction? function);

    public abstract IEnumerator<KernelFunction> GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

internal sealed class FunctionsPlugin : KernelPlugin
{
    private readonly KernelFunction[] _functions;

    public FunctionsPlugin(string name, IEnumerable<KernelFunction> functions)
        : base(name) => _functions = [.. functions.Select(function => function.Clone(name))];

    public override int FunctionCount => _functions.Length;

    public override bool TryGetFunction(string name, [NotNullWhen(true)] out KernelFunction? function)
    {
        function = _functions.FirstOrDefault(candidate => string.Equals(candidate.Name, name, StringComparison.OrdinalIgnoreCase));
        return function is not null;
    }

    public override IEnumerator<KernelFunction> GetEnumerator() => ((IEnumerable<KernelFunction>)_functions).GetEnumerator();
}
