namespace Microsoft.SemanticKernel;

public sealed class FunctionCallContent : KernelContent
{
    public FunctionCallContent(string functionName, string? pluginName = null, string? id = null, KernelArguments? arguments = null)
    {
        FunctionName = functionName;
        PluginName = pluginName;
        Id = id;
        Arguments = arguments;
    }

    public string? Id { get; }

    public string? PluginName { get; }

    public string FunctionName { get; }

    public KernelArguments? Arguments { get; }

    public static IEnumerable<FunctionCallContent> GetFunctionCalls(ChatMessageContent messageContent) => messageContent.Items.OfType<FunctionCallContent>();
}
