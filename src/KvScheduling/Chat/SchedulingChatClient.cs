using Microsoft.Extensions.AI;
namespace KvScheduling;
internal sealed class SchedulingChatClient(IKvScheduler s) : IChatClient {
 public void Dispose() {}
 public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> m, ChatOptions? o=null, CancellationToken c=default) => throw new NotImplementedException(s.ToString());
 public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(IEnumerable<ChatMessage> m, ChatOptions? o=null, CancellationToken c=default)=> throw new NotImplementedException(s.ToString());
 public object? GetService(Type t, object? k=null)=>null; }
