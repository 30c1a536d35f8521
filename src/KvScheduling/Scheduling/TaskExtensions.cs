namespace KvScheduling;

internal static class TaskExtensions
{
    /// <summary>Ends with the task or with the token, whichever is first; throws neither's exception.</summary>
    public static async Task OrCancelled(this Task task, CancellationToken token)
    {
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using (token.UnsafeRegister(static state => ((TaskCompletionSource)state!).TrySetResult(), cancelled))
        {
            await Task.WhenAny(task, cancelled.Task).ConfigureAwait(false);
        }
    }
}
