namespace KvScheduling;

/// <summary>A stage on the way of generated text from the decoder to the response. Not thread-safe.</summary>
internal interface ITextSink
{
    /// <summary>Takes the next piece of text; how the text is cut into pieces must not matter.</summary>
    void Write(ReadOnlySpan<char> text);

    /// <summary>The output is over: passes on what was held back.</summary>
    void Complete();
}
