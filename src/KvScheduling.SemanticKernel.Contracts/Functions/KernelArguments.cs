using Microsoft.Extensions.AI;

namespace Microsoft.SemanticKernel;

public sealed class KernelArguments : AIFunctionArguments
{
    public KernelArguments()
        : base(StringComparer.OrdinalIgnoreCase)
    {
    }

    public KernelArguments(IDictionary<string, object?> source, Dictionary<string, PromptExecutionSettings>? executionSettings = null)
        : base(source, StringComparer.OrdinalIgnoreCase)
    {
    }
}
