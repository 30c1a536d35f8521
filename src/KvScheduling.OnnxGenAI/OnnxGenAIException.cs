namespace KvScheduling.OnnxGenAI;

/// <summary>The native libraries, the model folder or a native call failed. The message names what was looked for, where, and the way out.</summary>
public sealed class OnnxGenAIException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What failed and the way out.</param>
    /// <param name="innerException">The cause.</param>
    public OnnxGenAIException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
