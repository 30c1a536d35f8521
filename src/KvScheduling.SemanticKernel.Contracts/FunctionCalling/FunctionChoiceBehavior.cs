namespace Microsoft.SemanticKernel;

public abstract class FunctionChoiceBehavior
{
    private readonly IReadOnlyList<KernelFunction>? _functions;

    internal FunctionChoiceBehavior(IEnumerable<KernelFunction>? functions, bool autoInvoke, FunctionChoiceBehaviorOptions? options)
    {
        _functions = functions?.ToArray();
        AutoInvoke = autoInvoke;
        ChosenOptions = options;
    }

    internal bool AutoInvoke { get; }

    internal FunctionChoiceBehaviorOptions? ChosenOptions { get; }

    public static FunctionChoiceBehavior Auto(
        IEnumerable<KernelFunction>? functions = null, bool autoInvoke = true, FunctionChoiceBehaviorOptions? options = null) =>
        new AutoFunctionChoiceBehavior(functions, autoInvoke, options);

    public static FunctionChoiceBehavior Required(
        IEnumerable<KernelFunction>? functions = null, bool autoInvoke = true, FunctionChoiceBehaviorOptions? options = null) =>
        new RequiredFunctionChoiceBehavior(functions, autoInvoke, options);

    public static FunctionChoiceBehavior None(IEnumerable<KernelFunction>? functions = null, FunctionChoiceBehaviorOptions? options = null) =>
        new NoneFunctionChoiceBehavior(functions, options);

    /// <summary>The functions the model is told of: those that were named, else all of the kernel's.</summary>
    internal IReadOnlyList<KernelFunction> GetFunctions(Kernel? kernel)
    {
        if (AutoInvoke && kernel is null)
        {
            throw new KernelException("Auto-invocation is not supported when no kernel is provided.");
        }

        return _functions ?? kernel?.Plugins.SelectMany(static plugin => plugin).ToArray() ?? [];
    }
}

public sealed class AutoFunctionChoiceBehavior : FunctionChoiceBehavior
{
    internal AutoFunctionChoiceBehavior(IEnumerable<KernelFunction>? functions, bool autoInvoke, FunctionChoiceBehaviorOptions? options)
        : base(functions, autoInvoke, options)
    {
    }
}

public sealed class RequiredFunctionChoiceBehavior : FunctionChoiceBehavior
{
    internal RequiredFunctionChoiceBehavior(IEnumerable<KernelFunction>? functions, bool autoInvoke, FunctionChoiceBehaviorOptions? options)
        : base(functions, autoInvoke, options)
    {
    }
}

public sealed class NoneFunctionChoiceBehavior : FunctionChoiceBehavior
{
    internal NoneFunctionChoiceBehavior(IEnumerable<KernelFunction>? functions, FunctionChoiceBehaviorOptions? options)
        : base(functions, autoInvoke: false, options)
    {
    }
}

public sealed class FunctionChoiceBehaviorOptions
{
    public bool? AllowParallelCalls { get; set; }

    public bool AllowConcurrentInvocation { get; set; }
}
