using System.Text;

namespace Microsoft.SemanticKernel;

public class StreamingTextContent : StreamingKernelContent
{
    public StreamingTextContent(
        string? text,
        int choiceIndex = 0,
        string? modelId = null,
        object? innerContent = null,
        Encoding? encoding = null,
        IReadOnlyDictionary<string, object?>? metadata = null)
        : base(innerContent, choiceIndex, modelId, metadata) => Text = text;

    public string? Text { get; set; }

    public override string ToString() => Text ?? string.Empty;

    public override byte[] ToByteArray() => Encoding.UTF8.GetBytes(ToString());
}
