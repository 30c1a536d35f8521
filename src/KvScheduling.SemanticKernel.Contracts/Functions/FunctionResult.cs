using System.Globalization;

namespace Microsoft.SemanticKernel;

public sealed class FunctionResult
{
    private readonly object? _value;

    public FunctionResult(KernelFunction function, object? value = null, CultureInfo? culture = null, IReadOnlyDictionary<string, object?>? metadata = null)
    {
        Function = function;
        _value = value;
        Metadata = metadata;
    }

    public KernelFunction Function { get; init; }

    public IReadOnlyDictionary<string, object?>? Metadata { get; init; }

    public T? GetValue<T>() => _value switch
    {
        null => default,
        T value => value,
        _ => throw new InvalidCastException($"Cannot cast {_value.GetType()} to {typeof(T)}"),
    };

    public override string ToString() => Convert.ToString(_value, CultureInfo.InvariantCulture) ?? string.Empty;
}
