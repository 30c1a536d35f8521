namespace KvScheduling.Simulation;

/// <summary>A file is no decision log, or one that can't be used; the message says what is wrong and the way out.</summary>
public sealed class DecisionLogException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What is wrong.</param>
    /// <param name="inner">What it came from.</param>
    public DecisionLogException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
