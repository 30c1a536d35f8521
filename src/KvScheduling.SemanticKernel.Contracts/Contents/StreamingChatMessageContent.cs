using System.Text;
using Microsoft.SemanticKernel.ChatCompletion;

namespace Microsoft.SemanticKernel;

public class StreamingChatMessageContent : StreamingKernelContent
{
    public StreamingChatMessageContent(
        AuthorRole? role,
        string? content,
        object? innerContent = null,
        int choiceIndex = 0,
        string? modelId = null,
        Encoding? encoding = null,
        IReadOnlyDictionary<string, object?>? metadata = null)
        : base(innerContent, choiceIndex, modelId, metadata)
    {
        Role = role;
        if (content is not null)
        {
            Items.Add(new StreamingTextContent(content));
        }
    }

    public string? Content => Items.OfType<StreamingTextContent>().FirstOrDefault()?.Text ?? string.Empty;

    public StreamingKernelContentItemCollection Items { get; set; } = [];

    public AuthorRole? Role { get; set; }

    public override string ToString() => Content ?? string.Empty;

    public override byte[] ToByteArray() => Encoding.UTF8.GetBytes(ToString());
}
