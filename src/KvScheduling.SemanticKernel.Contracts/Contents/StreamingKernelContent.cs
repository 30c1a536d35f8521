namespace Microsoft.SemanticKernel;

public abstract class StreamingKernelContent
{
    protected StreamingKernelContent()
    {
    }

    protected StreamingKernelContent(object? innerContent, int choiceIndex = 0, string? modelId = null, IReadOnlyDictionary<string, object?>? metadata = null)
    {
        InnerContent = innerContent;
        ChoiceIndex = choiceIndex;
        ModelId = modelId;
        Metadata = metadata;
    }

    public int ChoiceIndex { get; set; }

    public object? InnerContent { get; set; }

    public string? ModelId { get; set; }

    public IReadOnlyDictionary<string, object?>? Metadata { get; set; }

    public abstract byte[] ToByteArray();

    public abstract override string ToString();
}
