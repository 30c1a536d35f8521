namespace KvScheduling.OnnxGenAI.Tests;

internal static class Golden
{
    public static void RunAll(EngineDriver driver, IReadOnlyList<GoldenCase> cases)
    {
        List<DrivenRequest> requests = [.. cases.Select(DrivenRequest.Of)];
        driver.Run(requests);
        for (int i = 0; i < cases.Count; i++)
        {
            AssertEqual(cases[i], requests[i]);
        }
    }

    /// <summary>A cancelled request must have a prefix of the golden output, any other all of it.</summary>
    public static void AssertEqual(GoldenCase golden, DrivenRequest request)
    {
        Assert.True(request.IsDone, $"{golden.Id} did not end.");
        Assert.Null(request.Failure);
        IEnumerable<int> expected = request.IsCancelled ? golden.Output.Take(request.Output.Count) : golden.Output;
        Assert.Equal(expected, request.Output);
    }
}
