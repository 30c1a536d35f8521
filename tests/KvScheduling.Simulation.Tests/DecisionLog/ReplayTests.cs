using System.Text;
using System.Text.RegularExpressions;

namespace KvScheduling.Simulation.Tests;

/// <summary>What a live scheduler logged, a replay decides again.</summary>
public sealed class ReplayTests
{
    public static TheoryData<string> Policies => [.. Simulator.Policies.Where(static policy => !policy.StartsWith("sorted-f-", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Policies))]
    public async Task Replay_LiveRunWithEvictionsCancelsAndBackfill_IsEqual(string policy)
    {
        byte[] log = await RecordedLoop.RunAsync(policy);
        string text = Encoding.UTF8.GetString(log);
        Assert.Contains(nameof(DecisionReason.EvictedForKv), text, StringComparison.Ordinal);
        Assert.Contains(nameof(DecisionReason.Cancelled), text, StringComparison.Ordinal);
        Assert.Contains("\"do\":\"finish\"", text, StringComparison.Ordinal);
        Assert.Contains("\"compared\":", text, StringComparison.Ordinal);
        AssertEqual(log);
    }

    [Fact]
    public async Task Replay_RunWithBackfill_IsEqual()
    {
        byte[] log = await RecordedLoop.RunAsync(SchedulingPolicies.Fcfs, static (options, _) => options.Reservation = KvReservation.Guaranteed);
        Assert.Contains(nameof(DecisionReason.StartedByBackfill), Encoding.UTF8.GetString(log), StringComparison.Ordinal);
        AssertEqual(log);
    }

    [Fact]
    public async Task Replay_FairTenantsWithWeightsAndAgeing_IsEqual()
    {
        byte[] log = await RecordedLoop.RunAsync(SchedulingPolicies.Adaptive, static (options, _) =>
        {
            options.Fairness = TenantFairness.VirtualTokenCounter;
            options.TenantWeights["tenant 1"] = 4;
            options.PriorityAgeing = TimeSpan.FromMilliseconds(20);
            options.PromoteAfter = TimeSpan.FromMilliseconds(50);
        });
        string text = Encoding.UTF8.GetString(log);
        Assert.Contains("\"weight\":4", text, StringComparison.Ordinal);
        AssertEqual(log);
    }

    [Fact]
    public async Task Replay_PaperExactWait_IsEqual()
    {
        byte[] log = await RecordedLoop.RunAsync(SchedulingPolicies.Wait, static (options, _) =>
        {
            options.Wait.PaperExact = true;
            options.Wait.ProgressAfter = TimeSpan.FromMilliseconds(20);
            options.Wait.Types.Add(new WaitTypeOptions { PromptTokens = 90, OutputTokens = 80, Threshold = 2 });
            options.Wait.Types.Add(new WaitTypeOptions { PromptTokens = 200, OutputTokens = 80, Threshold = 1 });
        });
        AssertEqual(log);
    }

    [Fact]
    public async Task Replay_QueueTimeouts_IsEqual()
    {
        byte[] log = await RecordedLoop.RunAsync(SchedulingPolicies.Fcfs, static (options, _) => options.QueueTimeout = TimeSpan.FromMilliseconds(30));
        Assert.Contains(nameof(DecisionReason.Rejected), Encoding.UTF8.GetString(log), StringComparison.Ordinal);
        AssertEqual(log);
    }

    [Fact]
    public async Task Replay_FailingStepsSequencesAndStarts_IsEqual()
    {
        byte[] log = await RecordedLoop.RunAsync(SchedulingPolicies.SortedF, static (options, engine) =>
        {
            options.MaxEngineRestarts = 1000;
            engine.Faults.StepFailureProbability = 0.02;
            engine.Faults.EngineLossProbability = 0.003;
            engine.Faults.OutOfCapacityProbability = 0.01;
            engine.Faults.SequenceFailureProbability = 0.002;
            engine.Faults.RefusedToken = 71;
        });
        string text = Encoding.UTF8.GetString(log);
        Assert.Contains("\"do\":\"fail-step\"", text, StringComparison.Ordinal);
        Assert.Contains("\"do\":\"fail-start\"", text, StringComparison.Ordinal);
        AssertEqual(log);
    }

    [Fact]
    public async Task Replay_StoppedWhileRequestsWait_IsEqual()
    {
        byte[] log = await RecordedLoop.RunAsync(SchedulingPolicies.Fcfs, static (_, engine) => engine.Faults.AtSteps[6] = SimulatedFault.EngineLoss);
        Assert.Contains("\"do\":\"lose-engine\"", Encoding.UTF8.GetString(log), StringComparison.Ordinal);
        AssertEqual(log);
    }

    [Fact]
    public async Task Replay_AnyChangedByte_IsFoundInItsLine()
    {
        byte[] log = await RecordedLoop.RunAsync(SchedulingPolicies.Fcfs, requests: 30);
        int headerLength = Array.IndexOf(log, (byte)'\n');
        for (int at = headerLength + 1; at < log.Length; at += 97)
        {
            if (log[at] == '\n')
            {
                continue;
            }

            byte[] changed = [.. log];
            changed[at] = changed[at] == '1' ? (byte)'2' : (byte)'1';
            if (changed[at] == log[at])
            {
                continue;
            }

            int line = 1 + log.AsSpan(0, at).Count((byte)'\n');
            ReplayResult result = RecordedLoop.Replay(changed);
            Assert.Equal(line, result.Difference?.Line);
            Assert.Equal(line - 1, result.EqualLines);
        }
    }

    [Fact]
    public async Task Replay_OtherSettings_DecideDifferently()
    {
        byte[] log = await RecordedLoop.RunAsync(SchedulingPolicies.Fcfs);
        byte[] other = Resealed(log, static line => line.Replace("\"Policy\":\"fcfs\"", "\"Policy\":\"svf\"", StringComparison.Ordinal));
        LineDifference difference = RecordedLoop.Replay(other).Difference!;
        Assert.True(difference.Line > 1);
        Assert.Contains("decides differently", difference.Reason, StringComparison.Ordinal);
        Assert.NotEqual(difference.Logged, difference.Replayed);
    }

    [Fact]
    public async Task Replay_HeaderWithAChangedByte_NamesLineOne()
    {
        string log = Encoding.UTF8.GetString(await RecordedLoop.RunAsync(SchedulingPolicies.Fcfs, requests: 3));
        Assert.Equal(1, RecordedLoop.Replay(Encoding.UTF8.GetBytes(log.Replace("\"BackfillWindow\":64", "\"BackfillWindow\":65", StringComparison.Ordinal))).Difference?.Line);
        DecisionLogException error = Assert.Throws<DecisionLogException>(() => RecordedLoop.Replay(Encoding.UTF8.GetBytes(log.Replace("\"version\":1", "\"version\":9", StringComparison.Ordinal))));
        Assert.Contains("version 9", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("arrival_seconds,prompt_tokens\n")]
    [InlineData("{}\n")]
    [InlineData("[1]\n")]
    [InlineData("{\"log\":\"kvscheduling-decisions\",\"version\":1}\n")]
    public void Replay_NoDecisionLog_SaysSo(string text)
    {
        DecisionLogException error = Assert.Throws<DecisionLogException>(() => RecordedLoop.Replay(Encoding.UTF8.GetBytes(text)));
        Assert.Contains("decision log", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replay_CutOffLog_IsEqualUpToThereAndIncomplete()
    {
        byte[] log = await RecordedLoop.RunAsync(SchedulingPolicies.Fcfs, requests: 20);
        ReplayResult result = RecordedLoop.Replay(log[..(log.Length / 2)]);
        Assert.Null(result.Difference);
        Assert.False(result.IsEqual);
        Assert.NotNull(result.Incomplete);
        Assert.True(result.EqualLines > 10);
    }

    [Fact]
    public async Task Log_NothingOfTenantsPromptsOrOutputs_IsInIt()
    {
        string log = Encoding.UTF8.GetString(await RecordedLoop.RunAsync(SchedulingPolicies.Adaptive, static (options, _) => options.TenantWeights["tenant 2"] = 3));
        Assert.DoesNotContain("tenant 1", log, StringComparison.Ordinal);
        Assert.DoesNotContain("tenant 2", log, StringComparison.Ordinal);
        Assert.DoesNotContain("decisions.jsonl", log, StringComparison.Ordinal);
        ulong firstBlock = PrefixHash.Blocks([.. Enumerable.Range(0, 16)], 16, PrefixScope.Tenant, null)[0];
        Assert.DoesNotMatch(new Regex("\\b" + firstBlock + "\\b"), log);
    }

    [Fact]
    public void Replay_SimulatedRun_IsEqualAndTheSameEveryTime()
    {
        byte[] first = Simulated();
        Assert.Equal(first, Simulated());
        AssertEqual(first);

        static byte[] Simulated()
        {
            using var log = new MemoryStream();
            WorkloadRequest[] requests = [.. SyntheticWorkload.Draw(RequestMixes.Get("chat"), ArrivalProcess.Poisson(3), 300, seed: 2)];
            Simulator.Run("nested-wait", requests, new SimulationSettings
            {
                KvTokens = 6_000,
                BlockTokens = 16,
                CostModel = LinearCostModel.Llama2A100,
                OutputLengths = OutputLengths.History,
                MaxOutputTokens = 2000,
                DecisionLog = log,
            });
            return log.ToArray();
        }
    }

    [Fact]
    public void Hash_PublishedVectors_AreSipHash24()
    {
        var names = new DecisionLogNames(0x0706050403020100, 0x0f0e0d0c0b0a0908);
        Assert.Equal(0x726fdb47dd0e0e31UL, names.Hash([]));
        Assert.Equal(0xa129ca6149be45e5UL, names.Hash([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]));
    }

    private static void AssertEqual(byte[] log)
    {
        ReplayResult result = RecordedLoop.Replay(log);
        Assert.True(result.IsEqual, $"{result.Incomplete}{result.Difference}");
        Assert.Equal(log.AsSpan().Count((byte)'\n'), result.EqualLines);
    }

    /// <summary>The log with its header rewritten, and every line sealed anew.</summary>
    private static byte[] Resealed(byte[] log, Func<string, string> header)
    {
        using var stream = new MemoryStream();
        var sink = new StreamLogSink(stream);
        string[] lines = Encoding.UTF8.GetString(log).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        for (int i = 0; i < lines.Length; i++)
        {
            string body = lines[i][..^DecisionLogSeal.Length];
            sink.Write(Encoding.UTF8.GetBytes(i == 0 ? header(body) : body));
        }

        return stream.ToArray();
    }
}
