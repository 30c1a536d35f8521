namespace KvScheduling;

/// <summary>A request as batch selection sees it.</summary>
/// <param name="Prompt">s: tokens it holds when it starts.</param>
/// <param name="Output">o: tokens it will generate.</param>
/// <param name="Arrival">Its place in the order of arrival; unique.</param>
internal readonly record struct BatchItem(int Prompt, int Output, long Arrival)
{
    /// <summary>The order inside a batch: output, then prompt, then arrival.</summary>
    public static int CompareInBatch(BatchItem a, BatchItem b) =>
        a.Output != b.Output ? a.Output.CompareTo(b.Output) : a.Prompt != b.Prompt ? a.Prompt.CompareTo(b.Prompt) : a.Arrival.CompareTo(b.Arrival);
}
