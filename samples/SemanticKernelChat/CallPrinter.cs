using Microsoft.SemanticKernel;

namespace KvScheduling.Samples.SemanticKernelChat;

/// <summary>Prints each call of a function: a filter sees what the model asked for and what came back.</summary>
internal sealed class CallPrinter(TextWriter output) : IAutoFunctionInvocationFilter
{
    public async Task OnAutoFunctionInvocationAsync(AutoFunctionInvocationContext context, Func<AutoFunctionInvocationContext, Task> next)
    {
        await next(context);
        string arguments = string.Join(", ", context.Arguments!.Select(static argument => $"{argument.Key}: {argument.Value}"));
        await output.WriteLineAsync($"             the model calls {context.Function.Name}({arguments}) = {context.Result.GetValue<object>()}");
    }
}
