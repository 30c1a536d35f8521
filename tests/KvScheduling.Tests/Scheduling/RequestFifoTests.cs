using System.Runtime.CompilerServices;

namespace KvScheduling.Tests;

/// <summary>The queue in order of arrival against a plain list, through every size and every place of removal.</summary>
public sealed class RequestFifoTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Peek_RandomAddsAndRemovals_IsTheListInOrder(int seed)
    {
        var fifo = new RequestFifo<PolicyTicket>();
        var random = new Random(seed);
        List<TestRequest> model = [];
        var window = new SchedulableRequest[3_000];
        for (int operation = 0; operation < 20_000 || model.Count > 0; operation++)
        {
            int addsOfTen = (operation / 4_000) switch { 0 => 8, 1 => 2, 2 => 9, 3 => 4, 4 => 6, _ => 0 };
            if (random.Next(10) < addsOfTen)
            {
                TestRequest request = Request();
                model.Add(request);
                fifo.Add(request);
            }
            else if (model.Count > 0)
            {
                int at = random.Next(3) switch { 0 => 0, 1 => random.Next(model.Count), _ => model.Count - 1 - random.Next(Math.Min(model.Count, 5)) };
                Remove(fifo, model[at]);
                model.RemoveAt(at);
            }

            Assert.Equal(model.Count, fifo.Count);
            Assert.Same(model.FirstOrDefault(), operation % 3 == 0 ? fifo.First() : model.FirstOrDefault());
            if (operation % 11 == 0)
            {
                int wanted = random.Next(30) == 0 ? random.Next(window.Length) : random.Next(20);
                int count = fifo.Peek(window.AsSpan(0, wanted));
                Assert.Equal(model.Take(wanted), window.Take(count));
            }
        }

        Assert.Null(fifo.First());
    }

    [Fact]
    public void Peek_OneStaysInFrontOfManyThatLeft_FindsTheNextOnes()
    {
        var fifo = new RequestFifo<PolicyTicket>();
        TestRequest[] all = [.. Enumerable.Range(0, 10_000).Select(_ => Request())];
        Array.ForEach(all, fifo.Add);
        foreach (TestRequest request in all[1..^2])
        {
            Remove(fifo, request);
        }

        var window = new SchedulableRequest[5];
        Assert.Equal(3, fifo.Peek(window));
        Assert.Equal([all[0], all[^2], all[^1]], window[..3]);
    }

    [Theory]
    [InlineData(20_000, 2_000, 5_000)]
    [InlineData(3_000, 0, 0)]
    public void OnRemoved_MostOfALongQueue_LetsTheRequestsGo(int count, int remaining, int mostKept)
    {
        var fifo = new RequestFifo<PolicyTicket>();
        WeakReference[] all = AddAndRemoveMost(fifo, count, remaining);
        GC.Collect();
        Assert.InRange(all.Count(reference => reference.IsAlive), remaining, mostKept);
        GC.KeepAlive(fifo);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(1_000)]
    public void Add_AsManyAsLeaveFromAnywhere_AllocatesNothing(int length)
    {
        var fifo = new RequestFifo<PolicyTicket>();
        var random = new Random(6);
        TestRequest[] present = [.. Enumerable.Range(0, length).Select(_ => Request())];
        Array.ForEach(present, fifo.Add);
        Turn(20_000);
        long bytes = GC.GetAllocatedBytesForCurrentThread();
        Turn(20_000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - bytes);

        void Turn(int times)
        {
            for (int i = 0; i < times; i++)
            {
                TestRequest request = present[random.Next(length)];
                Remove(fifo, request);
                request.Place.PolicyTicket = request.Place.NextTicket();
                fifo.Add(request);
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference[] AddAndRemoveMost(RequestFifo<PolicyTicket> fifo, int count, int remaining)
    {
        TestRequest[] all = [.. Enumerable.Range(0, count).Select(_ => Request())];
        Array.ForEach(all, fifo.Add);
        WeakReference[] references = [.. all.Select(request => new WeakReference(request))];
        new Random(5).Shuffle(all);
        foreach (TestRequest request in all[remaining..])
        {
            Remove(fifo, request);
        }

        return references;
    }

    private static void Remove(RequestFifo<PolicyTicket> fifo, TestRequest request)
    {
        request.Place.PolicyTicket = 0;
        fifo.OnRemoved();
    }

    private static TestRequest Request()
    {
        var request = new TestRequest(1, 1);
        request.Place.PolicyTicket = request.Place.NextTicket();
        return request;
    }
}
