namespace KvScheduling.Simulation.Tests;

/// <summary>What policies that hold or reorder requests may cost where there is nothing to gain: a stream that the engine keeps up with.</summary>
public sealed class LightLoadTests
{
    private static readonly string[] Mixes = ["chat", "chat-docs", "lmsys"];

    public static TheoryData<string, double> Loads
    {
        get
        {
            TheoryData<string, double> data = [];
            foreach (string policy in (string[])["wait", "nested-wait", "adaptive"])
            {
                data.Add(policy, 0.3);
                data.Add(policy, 0.7);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Loads))]
    public void Run_StreamBelowCapacity_CostsNoMoreThanArrivalOrder(string policy, double load)
    {
        foreach (string mix in Mixes)
        {
            (SimulationResult gated, SimulationResult plain) = (Run(policy, mix, load), Run("fcfs", mix, load));
            Assert.Equal(plain.Completions, gated.Completions);
            Assert.True(gated.Latency.Mean <= plain.Latency.Mean * 1.01, $"{policy} on {mix}: mean {gated.Latency.Mean} against {plain.Latency.Mean}.");
        }
    }

    /// <summary>A cycle brings one request and a fraction: to wait for the second would take longer than a cycle.</summary>
    [Theory]
    [InlineData("wait", 100, "known")]
    [InlineData("nested-wait", 100, "history")]
    public void Run_FewerThanTwoArrivalsPerCycle_DecidesAsArrivalOrderDoes(string policy, double rate, string lengths)
    {
        WorkloadRequest[] stream = [.. SyntheticWorkload.Draw(RequestMixes.Get("p10d10-d20"), ArrivalProcess.Poisson(rate), 6_000, seed: 2)];
        SimulationSettings settings = Settings(stream, OutputLengths.Parse(lengths)) with { CostModel = Llama2A100CostModel.Instance, MaxRunningRequests = 128, MaxStepTokens = 512 };
        Assert.Equal(Simulator.Run("fcfs", stream, settings).Requests, Simulator.Run(policy, stream, settings).Requests);
    }

    [Fact]
    public void Run_AdaptiveOnABacklog_IsSortedF()
    {
        WorkloadRequest[] backlog = [.. SyntheticWorkload.Draw(RequestMixes.Get("chat-docs"), ArrivalProcess.AtOnce, 400, seed: 3)];
        SimulationSettings settings = Settings(backlog, OutputLengths.Known);
        IEnumerable<RequestTimes?> sorted = Simulator.Run("sorted-f", backlog, settings).Requests;
        Assert.Equal(sorted, Simulator.Run("adaptive", backlog, settings).Requests);
        Assert.NotEqual(sorted, Simulator.Run("fcfs", backlog, settings).Requests);
    }

    private static SimulationResult Run(string policy, string mix, double load)
    {
        WorkloadRequest[] drawn = [.. SyntheticWorkload.Draw(RequestMixes.Get(mix), ArrivalProcess.Poisson(1), 2_000, seed: 11)];
        SimulationSettings settings = Settings(drawn, OutputLengths.History);
        double scale = WorkloadTotals.Of(drawn).Load(settings) / load;
        return Simulator.Run(policy, drawn.Select(request => request with { Arrival = request.Arrival * scale }), settings);
    }

    private static SimulationSettings Settings(WorkloadRequest[] requests, OutputLengths lengths) => new()
    {
        KvTokens = 60_000,
        BlockTokens = 16,
        CostModel = LinearCostModel.Llama2A100,
        OutputLengths = lengths,
        MaxOutputTokens = requests.Max(static request => request.OutputTokens),
        KeepRequests = true,
    };
}
