using System.Runtime.CompilerServices;

namespace KvScheduling.Tests;

/// <summary>The ordered line against a plain sorted list, through every size from empty to many leaves and back.</summary>
public sealed class OrderedLineTests
{
    [Theory]
    [InlineData(1, 50)]
    [InlineData(2, 700)]
    [InlineData(3, 100_000)]
    [InlineData(4, 1)]
    public void Front_RandomAddsAndRemovals_IsTheSortedLine(int seed, int keys)
    {
        var line = new OrderedLine();
        var random = new Random(seed);
        List<OrderedEntry> model = [];
        for (int operation = 0; operation < 24_000 || model.Count > 0; operation++)
        {
            // Grows, shrinks, grows again, and ends empty.
            int addsOfTen = (operation / 6_000) switch { 0 => 9, 1 => 3, 2 => 8, 3 => 5, _ => 0 };
            if (random.Next(10) < addsOfTen)
            {
                OrderedEntry entry = Entry(random.Next(keys), (uint)random.Next(3), operation);
                model.Insert(~model.BinarySearch(entry), entry);
                line.Add(entry);
            }
            else if (model.Count > 0)
            {
                // As often from the front, which is where requests start, as from anywhere, where they are cancelled.
                int at = random.Next(2) == 0 ? random.Next(Math.Min(model.Count, 8)) : random.Next(model.Count);
                OrderedEntry entry = model[at];
                model.RemoveAt(at);
                entry.Request.Place.PolicyTicket = 0;
                line.Remove(entry);
            }

            Assert.Equal(model.Count, line.Count);
            if (operation % 7 == 0)
            {
                int wanted = random.Next(20) == 0 ? random.Next(2_000) : random.Next(40);
                ReadOnlySpan<OrderedEntry> front = line.Front(wanted);
                Assert.True(front.Length >= Math.Min(wanted, model.Count));
                for (int i = 0; i < front.Length; i++)
                {
                    Assert.Equal(model[i], front[i]);
                }
            }
        }

        Assert.Equal(0, line.Count);
    }

    [Fact]
    public void Remove_MostOfALongLine_LetsTheRequestsGo()
    {
        var line = new OrderedLine();
        WeakReference[] all = AddAndRemoveMost(line, 20_000, remaining: 2_000);
        GC.Collect();
        Assert.InRange(all.Count(reference => reference.IsAlive), 2_000, 5_000);
        GC.KeepAlive(line);
    }

    [Fact]
    public void Remove_All_LetsEveryRequestGo()
    {
        var line = new OrderedLine();
        WeakReference[] all = AddAndRemoveMost(line, 3_000, remaining: 0);
        GC.Collect();
        Assert.Equal(0, all.Count(reference => reference.IsAlive));
        GC.KeepAlive(line);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference[] AddAndRemoveMost(OrderedLine line, int count, int remaining)
    {
        var random = new Random(5);
        OrderedEntry[] entries = [.. Enumerable.Range(0, count).Select(i => Entry(random.Next(1_000), 0, i))];
        foreach (OrderedEntry entry in entries)
        {
            line.Add(entry);
        }

        WeakReference[] references = [.. entries.Select(entry => new WeakReference(entry.Request))];
        random.Shuffle(entries);
        foreach (OrderedEntry entry in entries[remaining..])
        {
            entry.Request.Place.PolicyTicket = 0;
            line.Remove(entry);
        }

        return references;
    }

    private static OrderedEntry Entry(long key, uint minor, long arrival)
    {
        var request = new TestRequest(1, 1) { ArrivalIndex = arrival };
        request.Place.PolicyTicket = request.Place.NextTicket();
        return new OrderedEntry(key, minor, request.Place.PolicyTicket, arrival, request);
    }
}
