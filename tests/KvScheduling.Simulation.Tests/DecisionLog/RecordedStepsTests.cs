using System.Text;

namespace KvScheduling.Simulation.Tests;

/// <summary>What can be taken out of a decision log.</summary>
public sealed class RecordedStepsTests
{
    [Fact]
    public void Steps_SimulatedRun_AreWhatTheCostModelSays()
    {
        var model = new LinearCostModel(10, 0.1, 1, 0.01);
        List<StepTime> steps = [.. DecisionLog.Steps(new MemoryStream(Log(model, out SimulationResult result)))];
        Assert.Equal(result.Steps, steps.Count);
        foreach (StepTime step in steps)
        {
            Assert.Equal(10 + (0.1 * step.PrefillTokens) + step.DecodeRows + (0.01 * step.KvTokens), step.Milliseconds, 1e-3);
        }

        CostModelFit fit = CostModelFit.To(steps);
        Assert.Equal(10, fit.Coefficients[0], 1e-2);
        Assert.Equal(0.1, fit.Coefficients[1], 1e-3);
        Assert.Equal(1, fit.Coefficients[2], 1e-2);
        Assert.Equal(0.01, fit.Coefficients[3], 1e-4);
    }

    [Fact]
    public void Read_SimulatedRun_SaysWhatTheRunMeasured()
    {
        RecordedRun run = DecisionLog.Read(new MemoryStream(Log(LinearCostModel.Llama2A100, out SimulationResult result)));
        Assert.Equal(result.Completions, run.Completions.Count);
        Assert.Equal(result.Evictions, run.Evictions.Count);
        Assert.True(run.Evictions.Count > 0);
        Assert.Equal(result.Steps, run.KvTokens.Count);
        for (int i = 0; i < run.Completions.Count; i++)
        {
            Assert.Equal(result.Requests[i]!.Value.Latency, run.LatencyOf(i));
        }
    }

    [Fact]
    public void Read_LineThatIsNoRecord_NamesIt()
    {
        byte[] log = Log(LinearCostModel.Llama2A100, out _);
        string text = Encoding.UTF8.GetString(log);
        int third = text.IndexOf('\n', text.IndexOf('\n', StringComparison.Ordinal) + 1) + 1;
        DecisionLogException error = Assert.Throws<DecisionLogException>(() => DecisionLog.Read(new MemoryStream(Encoding.UTF8.GetBytes(text.Remove(third, 3)))));
        Assert.Contains("Line 3", error.Message, StringComparison.Ordinal);
    }

    private static byte[] Log(IIterationCostModel model, out SimulationResult result)
    {
        using var log = new MemoryStream();
        WorkloadRequest[] requests = [.. SyntheticWorkload.Draw(RequestMixes.Get("chat"), ArrivalProcess.Poisson(2), 300, seed: 2)];
        result = Simulator.Run("fcfs", requests, new SimulationSettings
        {
            KvTokens = 6_000,
            BlockTokens = 16,
            CostModel = model,
            OutputLengths = OutputLengths.Noisy(0.8),
            MaxOutputTokens = 2000,
            KeepRequests = true,
            DecisionLog = log,
        });
        return log.ToArray();
    }
}
