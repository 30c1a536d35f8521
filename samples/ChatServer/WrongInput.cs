using KvScheduling.ManagedEngine;
using KvScheduling.OnnxGenAI;
using Microsoft.Extensions.Options;

namespace KvScheduling.Samples.ChatServer;

/// <summary>The command line asks for what cannot be done; the message says what and the way out.</summary>
internal sealed class WrongInput(string message) : Exception(message)
{
    /// <summary>Whether an exception is for what the user gave: a model folder, native libraries, a budget.</summary>
    public static bool Is(Exception exception) =>
        exception is WrongInput or ModelFolderException or OnnxGenAIException or OptionsValidationException or ArgumentException or NotSupportedException;
}
