using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary>What was given can't be used; the message says what is wrong and the way out.</summary>
internal sealed class WrongInput : Exception
{
    public WrongInput(string message)
        : base(message)
    {
    }

    public WrongInput(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>Whether an exception is the user's to correct.</summary>
    public static bool Is(Exception error) => error is WrongInput or WorkloadException or DecisionLogException;
}
