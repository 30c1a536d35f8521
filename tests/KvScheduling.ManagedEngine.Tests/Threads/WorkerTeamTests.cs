namespace KvScheduling.ManagedEngine.Tests;

public sealed class WorkerTeamTests
{
    /// <summary>Bounds a hang.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    public void Run_ManyPhases_ComputesEveryUnitOnceAndPhasesInOrder(int size)
    {
        using WorkerTeam team = new(size);
        RecordingWork work = new([1, 40, 0, 3, 1000, 1, 0, 17]);
        for (int run = 0; run < 300; run++)
        {
            work.Reset();
            team.Run(work, 1 + (run % size));
            work.AssertComplete();
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void Run_SmallPhasesBeforeLargeOnes_ClaimsNothingAcrossTheBorder(int size)
    {
        using WorkerTeam team = new(size);
        RecordingWork work = new([.. Enumerable.Range(0, 200).Select(i => i % 2 == 0 ? 1 + (i % 3) : 64)]);
        for (int run = 0; run < 200; run++)
        {
            work.Reset();
            team.Run(work, size);
            work.AssertComplete();
        }
    }

    [Fact]
    public async Task Run_AfterWorkersFellAsleep_WakesThem()
    {
        using WorkerTeam team = new(2);
        for (int i = 0; i < 20; i++)
        {
            // A unit that ends only when another thread computes the other one proves that somebody woke up.
            using Rendezvous work = new();
            team.Run(work, 2);
            Assert.Equal(2, work.Threads.Distinct().Count());
            if (i % 5 == 0)
            {
                await Task.Delay(20);
            }
        }
    }

    [Fact]
    public void Run_UnitThatThrows_StillComputesTheOthersAndTheTeamLives()
    {
        using WorkerTeam team = new(3);
        RecordingWork work = new([50, 50]) { FailingUnit = 7 };
        AggregateException e = Assert.Throws<AggregateException>(() => team.Run(work, 3));
        Assert.IsType<InvalidOperationException>(e.InnerException);
        RecordingWork healthy = new([50, 50]);
        team.Run(healthy, 3);
        healthy.AssertComplete();
    }

    [Fact]
    public void Run_NoUnitsAtAll_Returns()
    {
        using WorkerTeam team = new(2);
        team.Run(new RecordingWork([]), 2);
        team.Run(new RecordingWork([0, 0]), 2);
    }

    [Fact]
    public async Task Dispose_WhileWorkersSleepOrSpin_EndsThem()
    {
        WorkerTeam asleep = new(4);
        await Task.Delay(20);
        asleep.Dispose();
        WorkerTeam spinning = new(4);
        spinning.Run(new RecordingWork([100]), 4);
        spinning.Dispose();
    }

    [Fact]
    public async Task Run_WorkersThatSpinSleepAndWake_AllocateNothing()
    {
        using WorkerTeam team = new(2);
        AllocationWork work = new();
        for (int i = 0; i < 200; i++)
        {
            work.Reset();
            team.Run(work, 2);
            if (i % 20 == 0)
            {
                await Task.Delay(2);
            }
        }

        Assert.True(work.Runs >= 200);
        Assert.Equal(0, work.Allocated);
    }

    /// <summary>Work that does not end before the worker took part in it, however late it wakes up.</summary>
    private sealed class AllocationWork : IPhasedWork
    {
        private long _bytes;
        private bool _hasJoined;

        /// <summary>How many shares the worker took.</summary>
        public int Runs { get; private set; }

        /// <summary>What it allocated since it first did.</summary>
        public long Allocated { get; private set; }

        public int PhaseCount => 3;

        public int UnitsOf(int phase) => 40;

        public void Reset() => Volatile.Write(ref _hasJoined, false);

        public void Execute(int phase, int first, int end, int thread)
        {
            if (thread == 0)
            {
                Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref _hasJoined), Longest), "The worker did not wake up.");
            }
            else
            {
                Volatile.Write(ref _hasJoined, true);
                long bytes = GC.GetAllocatedBytesForCurrentThread();
                _bytes = Runs++ == 0 ? bytes : _bytes;
                Allocated = bytes - _bytes;
            }

            Thread.SpinWait(500 * (end - first));
        }
    }

    private sealed class RecordingWork(int[] units) : IPhasedWork
    {
        private readonly int[][] _counts = units.Select(u => new int[u]).ToArray();
        private readonly int[] _before = units.Select((_, phase) => units.Take(phase).Sum()).ToArray();
        private int _done;
        private int _disorder;

        public int? FailingUnit { get; init; }

        public int PhaseCount => units.Length;

        public int UnitsOf(int phase) => units[phase];

        public void Reset()
        {
            _done = 0;
            Array.ForEach(_counts, Array.Clear);
        }

        public void Execute(int phase, int first, int end, int thread)
        {
            if (Volatile.Read(ref _done) < _before[phase])
            {
                Interlocked.Increment(ref _disorder);
            }

            for (int i = first; i < end; i++)
            {
                Interlocked.Increment(ref _counts[phase][i]);
                if (i == FailingUnit)
                {
                    throw new InvalidOperationException("unit");
                }
            }

            Interlocked.Add(ref _done, end - first);
        }

        public void AssertComplete()
        {
            Assert.Equal(0, _disorder);
            Assert.True(_counts.All(phase => phase.All(count => count == 1)));
        }
    }

    private sealed class Rendezvous : IPhasedWork, IDisposable
    {
        private readonly Barrier _barrier = new(2);

        public int[] Threads { get; } = new int[2];

        public int PhaseCount => 1;

        public int UnitsOf(int phase) => 2;

        public void Execute(int phase, int first, int end, int thread)
        {
            for (int i = first; i < end; i++)
            {
                Threads[i] = thread;
                Assert.True(_barrier.SignalAndWait(Longest));
            }
        }

        public void Dispose() => _barrier.Dispose();
    }
}
