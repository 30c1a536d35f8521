namespace KvScheduling.OnnxGenAI.Bench;

/// <summary>One way to serve requests.</summary>
internal interface IColumn : IAsyncDisposable
{
    /// <summary>The model's text side; every column makes the same prompts with its own.</summary>
    ITextCodec TextCodec { get; }

    /// <summary>Serves requests that all come at once.</summary>
    Task<Round> RunAsync(int[][] prompts, int maxOutputTokens);
}
