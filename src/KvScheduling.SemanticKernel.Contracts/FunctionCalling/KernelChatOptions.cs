using Microsoft.Extensions.AI;

namespace Microsoft.SemanticKernel;

/// <summary>Chat options that know their kernel, so that functions run with its filters.</summary>
internal sealed class KernelChatOptions : ChatOptions
{
    public KernelChatOptions(ChatOptions options, Kernel kernel, FunctionChoiceBehavior? behavior)
        : base(options)
    {
        Kernel = kernel;
        Behavior = behavior;
    }

    public Kernel Kernel { get; }

    public FunctionChoiceBehavior? Behavior { get; }

    public override ChatOptions Clone() => new KernelChatOptions(this, Kernel, Behavior);
}
