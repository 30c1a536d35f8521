namespace KvScheduling;

/// <summary>Why a request ended by itself.</summary>
public enum GenerationFinishReason
{
    /// <summary>The model produced an end token or one of the request's stop tokens.</summary>
    Stop,

    /// <summary>The output limit, or the model's context, was reached.</summary>
    Length,
}
