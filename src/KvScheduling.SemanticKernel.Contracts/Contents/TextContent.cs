using System.Text;

namespace Microsoft.SemanticKernel;

public sealed class TextContent : KernelContent
{
    public TextContent(
        string? text,
        string? modelId = null,
        object? innerContent = null,
        Encoding? encoding = null,
        IReadOnlyDictionary<string, object?>? metadata = null)
        : base(innerContent, modelId, metadata) => Text = text;

    public string? Text { get; set; }

    public override string ToString() => Text ?? string.Empty;
}
