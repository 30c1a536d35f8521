namespace KvScheduling;

/// <summary>What reaches the loop from other threads, in the order in which it was posted.</summary>
internal readonly record struct LoopMessage(LoopMessageKind Kind, LiveRequest? Request = null);

internal enum LoopMessageKind
{
    /// <summary>A request joins the line.</summary>
    Submit,

    /// <summary>A caller gave its request up.</summary>
    Cancel,

    /// <summary>A caller has what it wanted (a stop sequence matched): the request ends as if the model had stopped.</summary>
    Finish,

    /// <summary>Time has come to plan again.</summary>
    Wake,

    /// <summary>Finish what is there, then stop.</summary>
    Drain,

    /// <summary>End what is there, then stop.</summary>
    Abort,
}
