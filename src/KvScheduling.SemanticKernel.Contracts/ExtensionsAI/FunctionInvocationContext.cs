namespace Microsoft.Extensions.AI;

public class FunctionInvocationContext
{
    public AIFunction Function { get; set; } = null!;

    public AIFunctionArguments Arguments { get; set; } = [];

    public FunctionCallContent CallContent { get; set; } = null!;

    public IList<ChatMessage> Messages { get; set; } = [];

    public ChatOptions? Options { get; set; }

    public int Iteration { get; set; }

    public int FunctionCallIndex { get; set; }

    public int FunctionCount { get; set; }

    public bool Terminate { get; set; }

    public bool IsStreaming { get; set; }
}
