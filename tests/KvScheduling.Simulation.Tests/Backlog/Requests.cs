using System.Globalization;

namespace KvScheduling.Simulation.Tests;

/// <summary>Short ways to write requests down.</summary>
internal static class Requests
{
    /// <summary>From <c>"s,o s,o"</c>.</summary>
    public static WorkloadRequest[] Parse(string text) =>
        [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static pair => Of(
            int.Parse(pair.Split(',')[0], CultureInfo.InvariantCulture), int.Parse(pair.Split(',')[1], CultureInfo.InvariantCulture)))];

    public static WorkloadRequest Of(int prompt, int output, double arrivalSeconds = 0) => new(TimeSpan.FromSeconds(arrivalSeconds), prompt, output);

    /// <summary>Throws when more than the budget is held in any round, or a request is not run to its end, by looking at every round.</summary>
    public static void AssertFeasible(IReadOnlyList<WorkloadRequest> requests, IReadOnlyList<int> starts, long kvTokens)
    {
        Assert.Equal(requests.Count, starts.Count);
        int last = Enumerable.Range(0, requests.Count).Max(i => starts[i] + requests[i].OutputTokens);
        for (int round = 1; round <= last; round++)
        {
            long held = 0;
            for (int i = 0; i < requests.Count; i++)
            {
                held += starts[i] < round && round <= starts[i] + requests[i].OutputTokens ? requests[i].PromptTokens + round - starts[i] : 0;
            }

            Assert.InRange(held, 1, kvTokens);
        }
    }
}
