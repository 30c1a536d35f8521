using KvScheduling.ManagedEngine;
using Microsoft.Extensions.Options;

namespace KvScheduling.Samples.BacklogDrain;

/// <summary>What was given can't be used; the message says what and the way out.</summary>
internal sealed class WrongInput(string message, Exception? innerException = null) : Exception(message, innerException)
{
    /// <summary>Whether an exception is for what the user gave: a file, a model folder, a budget.</summary>
    public static bool Is(Exception exception) =>
        exception is WrongInput or ModelFolderException or OptionsValidationException or ArgumentException or NotSupportedException;
}
