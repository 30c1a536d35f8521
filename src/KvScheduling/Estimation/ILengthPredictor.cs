namespace KvScheduling;

/// <summary>Predicts how long an output will be, from the request. Stands in for a caller's <see cref="SchedulingHints.ExpectedOutputTokens"/> where there is none.</summary>
/// <remarks>A wrong prediction costs order and, when too low, evictions; never correctness. Without a predictor the history of past outputs is used.</remarks>
public interface ILengthPredictor
{
    /// <summary>Predicts one output.</summary>
    /// <param name="request">The request, before it joins the line. Called on the caller's thread, by many callers at once; it must be quick.</param>
    /// <returns>The expected output length in tokens, at least 1; <see langword="null"/> to leave it to history.</returns>
    int? Predict(GenerationRequest request);
}
