namespace KvScheduling;

/// <summary>An engine could not do what it was asked.</summary>
public class EngineFaultException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What failed.</param>
    /// <param name="isFatal">Whether the engine is lost.</param>
    /// <param name="innerException">The cause.</param>
    public EngineFaultException(string message, bool isFatal = false, Exception? innerException = null)
        : base(message, innerException) => IsFatal = isFatal;

    /// <summary>Whether the engine is lost and must be built again; otherwise only the step failed.</summary>
    public bool IsFatal { get; }
}
