namespace KvScheduling.Simulation;

/// <summary>A workload can't be simulated as it is: a row can't be read, or no engine of the settings could ever run a request.</summary>
public sealed class WorkloadException : Exception
{
    /// <summary>Creates the exception.</summary>
    public WorkloadException()
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What is wrong, where, and the way out.</param>
    public WorkloadException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What is wrong, where, and the way out.</param>
    /// <param name="innerException">Its cause.</param>
    public WorkloadException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Creates the exception for one request.</summary>
    /// <param name="index">The request's place in the workload, from 0.</param>
    /// <param name="message">What is wrong and the way out.</param>
    public WorkloadException(long index, string message)
        : base(message) => Index = index;

    /// <summary>The place of the request in the workload, from 0; <see langword="null"/> when it is not about one request.</summary>
    public long? Index { get; }
}
