using System.Text;
using Microsoft.SemanticKernel.ChatCompletion;

namespace Microsoft.SemanticKernel;

public class ChatMessageContent : KernelContent
{
    public ChatMessageContent()
    {
    }

    public ChatMessageContent(
        AuthorRole role,
        string? content,
        string? modelId = null,
        object? innerContent = null,
        Encoding? encoding = null,
        IReadOnlyDictionary<string, object?>? metadata = null)
        : base(innerContent, modelId, metadata)
    {
        Role = role;
        Content = content;
    }

    public ChatMessageContent(
        AuthorRole role,
        ChatMessageContentItemCollection items,
        string? modelId = null,
        object? innerContent = null,
        Encoding? encoding = null,
        IReadOnlyDictionary<string, object?>? metadata = null)
        : base(innerContent, modelId, metadata)
    {
        Role = role;
        Items = items;
    }

    public AuthorRole Role { get; set; }

    public string? Content
    {
        get => Items.OfType<TextContent>().FirstOrDefault()?.Text;
        set
        {
            if (Items.OfType<TextContent>().FirstOrDefault() is { } text)
            {
                text.Text = value;
            }
            else if (value is not null)
            {
                Items.Add(new TextContent(value));
            }
        }
    }

    public ChatMessageContentItemCollection Items { get; set; } = [];

    public override string ToString() => Content ?? string.Empty;
}
