using System.Text;

namespace KvScheduling.Simulation.Tests;

public sealed class DecisionLogWriterTests
{
    /// <summary>Bounds a hang: the end of the log is there when its writer is disposed, however slow the machine is.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    [Fact]
    public void Write_DiskThatHangs_DoesNotWaitAndSaysWhatIsMissing()
    {
        using var disk = new SlowStream();
        List<string> told = [];
        using (var writer = new DecisionLogWriter(disk, new DecisionLogOptions { BufferedRecords = 16, StopGrace = Longest }, (reason, _) => told.Add(reason)))
        {
            // Returns although nothing can be written.
            Record(writer, 500);
            Assert.True(writer.Lost >= 500 - 18);
            disk.Release();
        }

        string[] lines = disk.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains(lines, static line => line.StartsWith("{\"do\":\"lost\"", StringComparison.Ordinal));
        Assert.StartsWith("{\"do\":\"close\"", lines[^1], StringComparison.Ordinal);
        Assert.Single(told);
        ReplayResult result = DecisionLog.Replay(new MemoryStream(Encoding.UTF8.GetBytes(disk.Text)));
        Assert.Null(result.Difference);
        Assert.Contains("missing", result.Incomplete, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_LogAtItsSize_EndsAndSaysSo()
    {
        using var disk = new SlowStream();
        disk.Release();
        List<string> told = [];
        using (var writer = new DecisionLogWriter(disk, new DecisionLogOptions { MaxBytes = 1 << 16, BufferedRecords = 1 << 16, StopGrace = Longest }, (reason, _) => told.Add(reason)))
        {
            Record(writer, 5_000);
        }

        Assert.InRange(disk.Text.Length, 60_000, 1 << 16);
        Assert.Contains("size", Assert.Single(told), StringComparison.Ordinal);
        Assert.False(DecisionLog.Replay(new MemoryStream(Encoding.UTF8.GetBytes(disk.Text))).IsEqual);
    }

    [Fact]
    public void Write_DiskFails_IsToldOnceAndTheLoopGoesOn()
    {
        using var disk = new SlowStream { Error = new IOException("No space left.") };
        disk.Release();
        List<Exception?> errors = [];
        using (var writer = new DecisionLogWriter(disk, new DecisionLogOptions { StopGrace = Longest }, (_, error) => errors.Add(error)))
        {
            Record(writer, 100);
        }

        Assert.IsType<IOException>(Assert.Single(errors));
    }

    [Fact]
    public async Task Start_LogThatCantBeWritten_FailsWithTheOption()
    {
        var options = new KvSchedulingOptions { DecisionLog = { Path = "/dev/null/decisions.jsonl" } };
        InvalidOperationException error = await Assert.ThrowsAsync<InvalidOperationException>(
            () => KvSchedulerHost.StartAsync(static () => new SimulatedEngine(new SimulatedEngineOptions()), options));
        Assert.Contains("DecisionLog.Path", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_FileOfThatName_IsKeptAsThePreviousOne()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("kvsched-log-");
        try
        {
            string path = Path.Combine(folder.FullName, "logs", "decisions.jsonl");
            for (int run = 0; run < 2; run++)
            {
                using DecisionLogWriter writer = DecisionLogWriter.Open(new DecisionLogOptions { Path = path, StopGrace = Longest }, static (_, _) => { });
                writer.Write(Encoding.UTF8.GetBytes("{\"run\":" + run));
            }

            Assert.StartsWith("{\"run\":1", await File.ReadAllTextAsync(path), StringComparison.Ordinal);
            Assert.StartsWith("{\"run\":0", await File.ReadAllTextAsync(path + ".previous"), StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static void Record(DecisionLogWriter writer, int arrivals)
    {
        (KvSchedulingOptions options, EngineDescription engine) = SimulatedScheduler.Describe("fcfs", new SimulationSettings { KvTokens = 1_000 });
        using var recorder = new DecisionRecorder(writer, new DecisionLogNames());
        var core = new SchedulerCore(options, engine, static () => new FcfsPolicy(), observer: null, recorder);
        for (int i = 0; i < arrivals; i++)
        {
            core.Enqueue(new ReplayedRequest(10, 10, SchedulingHints.None, [], new Queue<bool>()), TimeSpan.FromSeconds(i));
        }
    }

    /// <summary>A stream whose writes wait until they are let go.</summary>
    private sealed class SlowStream : Stream
    {
        private readonly MemoryStream _written = new();
        private readonly ManualResetEventSlim _gate = new();

        public Exception? Error { get; init; }

        public string Text => Encoding.UTF8.GetString(_written.ToArray());

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => _written.Length;

        public override long Position
        {
            get => _written.Position;
            set => throw new NotSupportedException();
        }

        public void Release() => _gate.Set();

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count)
        {
            _gate.Wait();
            if (Error is not null)
            {
                throw Error;
            }

            _written.Write(buffer, offset, count);
        }
    }
}
