using Microsoft.Extensions.AI;

namespace Microsoft.SemanticKernel;

public interface IAutoFunctionInvocationFilter
{
    Task OnAutoFunctionInvocationAsync(AutoFunctionInvocationContext context, Func<AutoFunctionInvocationContext, Task> next);
}

public class AutoFunctionInvocationContext : Microsoft.Extensions.AI.FunctionInvocationContext
{
    internal AutoFunctionInvocationContext(Kernel kernel, KernelFunction function)
    {
        Kernel = kernel;
        base.Function = function;
        Result = new FunctionResult(function);
    }

    public new KernelArguments? Arguments
    {
        get => (KernelArguments)base.Arguments;
        init => base.Arguments = value ?? [];
    }

    public int RequestSequenceIndex
    {
        get => Iteration;
        init => Iteration = value;
    }

    public int FunctionSequenceIndex
    {
        get => FunctionCallIndex;
        init => FunctionCallIndex = value;
    }

    public new KernelFunction Function => (KernelFunction)base.Function;

    public Kernel Kernel { get; }

    public FunctionResult Result { get; set; }
}
