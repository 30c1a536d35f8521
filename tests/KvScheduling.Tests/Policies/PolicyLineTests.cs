namespace KvScheduling.Tests;

/// <summary>What every policy's line must do, whatever its order.</summary>
public sealed class PolicyLineTests
{
    public static TheoryData<string> Names => [.. KvScheduling.Tests.Policies.All];

    [Theory]
    [MemberData(nameof(Names))]
    public void Line_RandomAddsAndRemovals_HoldsExactlyWhatWasAdded(string name)
    {
        ISchedulingPolicy policy = Create(name, exactLimit: 0);
        var random = new Random(3);
        List<TestRequest> present = [];
        var window = new SchedulableRequest[256];
        long arrivals = 0;
        for (int operation = 0; operation < 4_000; operation++)
        {
            int kind = random.Next(10);
            if (kind < (operation < 2_000 ? 7 : 4) || present.Count == 0)
            {
                TestRequest request = Request(1 + random.Next(50), 1 + random.Next(50), arrivals++);
                present.Add(request);
                policy.Add(request);
            }
            else
            {
                int at = random.Next(present.Count);
                if (kind == 9 && policy.Peek(window.AsSpan(0, 1)) == 1)
                {
                    at = present.IndexOf((TestRequest)window[0]);
                }

                policy.Remove(present[at]);
                present.RemoveAt(at);
            }

            Assert.Equal(present.Count, policy.Count);
            if (operation % 20 == 0)
            {
                int wanted = 1 + random.Next(256);
                int count = policy.Peek(window.AsSpan(0, wanted));
                Assert.Equal(Math.Min(wanted, present.Count), count);
                Assert.Equal(count, window.Take(count).Distinct().Count());
                Assert.All(window.Take(count), request => Assert.Contains((TestRequest)request, present));
            }
        }
    }

    [Theory]
    [InlineData(SchedulingPolicies.Fcfs)]
    [InlineData(SchedulingPolicies.ShortestOutputFirst)]
    [InlineData(SchedulingPolicies.SmallestPeakFirst)]
    [InlineData(SchedulingPolicies.SmallestVolumeFirst)]
    public void Peek_StaticKeys_IsAStableSort(string name)
    {
        ISchedulingPolicy policy = Create(name);
        var random = new Random(4);
        List<TestRequest> present = [];
        var window = new SchedulableRequest[1200];
        for (int i = 0; i < 3_000; i++)
        {
            TestRequest request = Request(1 + random.Next(20), 1 + random.Next(20), i);
            present.Add(request);
            policy.Add(request);
            if (random.Next(3) == 0)
            {
                int at = random.Next(2) == 0 ? random.Next(present.Count) : 0;
                policy.Remove(present[at]);
                present.RemoveAt(at);
            }

            if (i % 100 == 99)
            {
                int count = policy.Peek(window.AsSpan(0, 1 + random.Next(1200)));
                Assert.Equal(present.OrderBy(r => Key(name, r)).ThenBy(r => r.ArrivalIndex).Take(count), window.Take(count));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Peek_EqualRequests_KeepsTheOrderOfArrival(string name)
    {
        ISchedulingPolicy policy = Create(name);
        TestRequest[] requests = Enumerable.Range(0, 700).Select(i => Request(9, 7, i)).ToArray();
        foreach (TestRequest request in requests)
        {
            policy.Add(request);
        }

        var window = new SchedulableRequest[700];
        Assert.Equal(700, policy.Peek(window));
        Assert.Equal(requests, window);
    }

    [Fact]
    public void Peek_SortedFAfterAnArrival_PlansAnew()
    {
        ISchedulingPolicy policy = Create(SchedulingPolicies.SortedF, kv: 30);
        TestRequest first = Request(10, 10, 0);
        TestRequest second = Request(10, 12, 1);
        policy.Add(first);
        policy.Add(second);
        var window = new SchedulableRequest[1];
        policy.Peek(window);
        Assert.Same(first, window[0]);
        TestRequest shorter = Request(2, 3, 2);
        policy.Add(shorter);
        policy.Peek(window);
        Assert.Same(shorter, window[0]);
        policy.Remove(shorter);
        policy.Peek(window);
        Assert.Same(first, window[0]);
    }

    [Fact]
    public void Peek_SortedFExactLimit_DecidesWhichSelectionIsUsed()
    {
        // Greedy scans take a big request early and then can't get back; the exact selection leaves it out.
        var random = new Random(11);
        int different = 0;
        for (int instance = 0; instance < 300 && different == 0; instance++)
        {
            ISchedulingPolicy exact = Create(SchedulingPolicies.SortedF, kv: 40, exactLimit: 32);
            ISchedulingPolicy greedy = Create(SchedulingPolicies.SortedF, kv: 40, exactLimit: 0);
            for (int i = 0; i < 12; i++)
            {
                int output = 1 + random.Next(12);
                int prompt = 1 + random.Next(28);
                exact.Add(Request(prompt, output, i));
                greedy.Add(Request(prompt, output, i));
            }

            var first = new SchedulableRequest[12];
            var second = new SchedulableRequest[12];
            exact.Peek(first);
            greedy.Peek(second);
            different += first.Select(r => r.ArrivalIndex).SequenceEqual(second.Select(r => r.ArrivalIndex)) ? 0 : 1;
        }

        Assert.True(different > 0);
    }

    [Fact]
    public void Peek_SortedFRequestThatFitsNowhere_StillComesUp()
    {
        ISchedulingPolicy policy = Create(SchedulingPolicies.SortedF, kv: 20);
        policy.Add(Request(30, 30, 0));
        var window = new SchedulableRequest[2];
        Assert.Equal(1, policy.Peek(window));
    }

    [Fact]
    public void Volume_LargestLengths_DoesNotOverflow()
    {
        Assert.True(RequestSize.Volume(int.MaxValue, int.MaxValue) > RequestSize.Volume(int.MaxValue, int.MaxValue - 1));
        Assert.Equal((3 * 4) + 10, RequestSize.Volume(3, 4));
    }

    [Fact]
    public void Get_UnknownName_ListsTheKnownOnes()
    {
        var own = new Dictionary<string, Func<PolicyContext, ISchedulingPolicy>> { ["mine"] = _ => new FcfsPolicy() };
        ArgumentException error = Assert.Throws<ArgumentException>(() => PolicyCatalog.Get("sjf", own));
        Assert.Contains("'sjf'", error.Message, StringComparison.Ordinal);
        string known = string.Join(", ", PolicyCatalog.Names.Append("mine").Order(StringComparer.Ordinal));
        Assert.Contains($"Known policies: {known}.", error.Message, StringComparison.Ordinal);
        Assert.All((string[])["fcfs", "mine", "shortest-output", "smallest-peak", "sorted-f", "svf"], name => Assert.Contains(name, known.Split(", ")));
    }

    [Fact]
    public void Get_OwnPolicyWithABuiltInName_GoesBeforeIt()
    {
        Func<PolicyContext, ISchedulingPolicy> mine = _ => new FcfsPolicy();
        var own = new Dictionary<string, Func<PolicyContext, ISchedulingPolicy>> { [SchedulingPolicies.SortedF] = mine };
        Assert.Same(mine, PolicyCatalog.Get(SchedulingPolicies.SortedF, own));
        Assert.NotSame(mine, PolicyCatalog.Get(SchedulingPolicies.SortedF));
    }

    [Fact]
    public void Fifo_ManyRemovedInTheMiddle_KeepsOrderAndMemory()
    {
        var policy = new FcfsPolicy();
        List<TestRequest> requests = Enumerable.Range(0, 5_000).Select(i => Request(1, 1, i)).ToList();
        requests.ForEach(policy.Add);
        List<TestRequest> kept = [requests[0], .. requests.Skip(4_900)];
        foreach (TestRequest request in requests.Skip(1).Take(4_899))
        {
            policy.Remove(request);
        }

        var window = new SchedulableRequest[300];
        Assert.Equal(101, policy.Peek(window));
        Assert.Equal(kept, window.Take(101));
        policy.Remove(requests[0]);
        policy.Peek(window);
        Assert.Same(requests[4_900], window[0]);
    }

    private static long Key(string name, TestRequest request) => name switch
    {
        SchedulingPolicies.ShortestOutputFirst => request.MaxOutputTokens,
        SchedulingPolicies.SmallestPeakFirst => request.PromptTokens + request.MaxOutputTokens,
        SchedulingPolicies.SmallestVolumeFirst => RequestSize.Volume(request.PromptTokens, request.MaxOutputTokens),
        _ => 0,
    };

    private static TestRequest Request(int prompt, int output, long arrival) => new(prompt, output) { ArrivalIndex = arrival };

    private static ISchedulingPolicy Create(string name, long kv = 600, int exactLimit = 32)
    {
        KvSchedulingOptions options = SchedulerHarness.PureOptions();
        options.SortedFExactLimit = exactLimit;
        return KvScheduling.Tests.Policies.Create(name, options, SchedulerHarness.UnitRounds(kv))();
    }
}
