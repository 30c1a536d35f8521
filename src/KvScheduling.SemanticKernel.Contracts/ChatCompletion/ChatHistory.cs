using System.Collections;

namespace Microsoft.SemanticKernel.ChatCompletion;

public class ChatHistory : IList<ChatMessageContent>, IReadOnlyList<ChatMessageContent>
{
    private readonly List<ChatMessageContent> _messages = [];

    public ChatHistory()
    {
    }

    public ChatHistory(string systemMessage) => AddSystemMessage(systemMessage);

    public ChatHistory(IEnumerable<ChatMessageContent> messages) => _messages.AddRange(messages);

    public virtual int Count => _messages.Count;

    bool ICollection<ChatMessageContent>.IsReadOnly => false;

    public virtual ChatMessageContent this[int index]
    {
        get => _messages[index];
        set => _messages[index] = value;
    }

    public void AddUserMessage(string content) => Add(new ChatMessageContent(AuthorRole.User, content));

    public void AddAssistantMessage(string content) => Add(new ChatMessageContent(AuthorRole.Assistant, content));

    public void AddSystemMessage(string content) => Add(new ChatMessageContent(AuthorRole.System, content));

    public virtual void Add(ChatMessageContent item) => _messages.Add(item);

    public virtual void Insert(int index, ChatMessageContent item) => _messages.Insert(index, item);

    public virtual void CopyTo(ChatMessageContent[] array, int arrayIndex) => _messages.CopyTo(array, arrayIndex);

    public virtual void Clear() => _messages.Clear();

    public virtual bool Contains(ChatMessageContent item) => _messages.Contains(item);

    public virtual int IndexOf(ChatMessageContent item) => _messages.IndexOf(item);

    public virtual void RemoveAt(int index) => _messages.RemoveAt(index);

    public virtual bool Remove(ChatMessageContent item) => _messages.Remove(item);

    IEnumerator<ChatMessageContent> IEnumerable<ChatMessageContent>.GetEnumerator() => _messages.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => _messages.GetEnumerator();
}
