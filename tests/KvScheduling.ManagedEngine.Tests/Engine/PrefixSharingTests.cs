namespace KvScheduling.ManagedEngine.Tests;

/// <summary>KV that is reused is the KV that would have been computed.</summary>
public sealed class PrefixSharingTests : IDisposable
{
    private readonly ManagedInferenceEngine _engine = TinyChat.LoadEngine();
    private readonly StepEvent[] _events = new StepEvent[64];

    public void Dispose() => _engine.Dispose();

    [Fact]
    public void Start_FullBlocksOfAnother_GiveTheBitsOfAFullPrompt()
    {
        foreach (GoldenCase c in TinyChat.Cases.Where(c => c.Prompt.Length is > 33 and < 2000).Where((_, i) => i % 3 == 0))
        {
            Driven alone = TinyChat.Solo[Array.IndexOf(TinyChat.Cases, c)];
            Begin(0, c.Prompt);
            Assert.Equal(alone.Fingerprints[..2], Generate(0, c.Prompt.Length, 2));
            int free = _engine.Model.Cache.FreeBlocks;
            int shared = (c.Prompt.Length - 1) / 16 * 16;
            Begin(1, c.Prompt, shared, from: 0);
            Assert.Equal(free, _engine.Model.Cache.FreeBlocks);
            Assert.Equal(alone.Fingerprints[..2], Generate(1, c.Prompt.Length - shared, 2));

            // The first owner goes; what is shared stays.
            _engine.Remove(0);
            Begin(0, c.Prompt[..17], 16, from: 1);
            Assert.Equal(alone.Fingerprints[2], Generate(1, 1, 1)[0]);
            _engine.Remove(0);
            _engine.Remove(1);
            Assert.Equal(_engine.Model.Cache.BlockCount, _engine.Model.Cache.FreeBlocks);
        }
    }

    [Fact]
    public void Start_ParkedSequence_IsContinuedInItsSlotAtAnyToken()
    {
        int[] first = Longest(200);
        int[] answered = [.. first, .. Output(0, first, 21)];
        int[] next = [.. answered, .. Longest(150)[..30]];
        ulong[] expected = Fresh(next);
        Begin(0, next, answered.Length - 1, from: 0);
        Assert.Equal(expected, Generate(0, next.Length - answered.Length + 1, 3));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(37)]
    [InlineData(63)]
    public void Start_ParkedSequenceDivergesInSharedBlocks_LeavesTheSharerAlone(int kept)
    {
        int[] prompt = Longest(200);
        Output(0, prompt, 5);
        Begin(1, prompt, 64, from: 0);
        int[] other = [.. prompt[..kept], .. Longest(150)[..50]];
        ulong[] expectedOther = Fresh(other);
        ulong[] expectedSharer = Fresh(prompt);

        Begin(0, other, kept, from: 0);
        Assert.Equal(expectedOther, Generate(0, other.Length - kept, 3));
        Assert.Equal(expectedSharer, Generate(1, prompt.Length - 64, 3));
    }

    [Fact]
    public void Start_OtherTokensThanTheSharedOnes_IsRefused()
    {
        int[] prompt = Longest(100);
        Output(0, prompt, 1);
        int[] other = (int[])prompt.Clone();
        other[20] = (other[20] + 1) % 1024;
        ArgumentException e = Assert.Throws<ArgumentException>(() => Begin(1, other, 32, from: 0));
        Assert.Contains("slot 0", e.Message, StringComparison.Ordinal);
        Begin(1, other, 16, from: 0);
    }

    [Theory]
    [InlineData(1, 17, 0)]
    [InlineData(1, 16, 5)]
    [InlineData(1, 112, 0)]
    [InlineData(1, -16, 0)]
    [InlineData(0, 0, 0)]
    [InlineData(0, 100, 0)]
    [InlineData(1, 16, -1)]
    [InlineData(1, 16, 64)]
    public void Start_SharingThatIsNotThere_IsRefusedAndChangesNothing(int slot, int sharedTokens, int from)
    {
        int[] prompt = Longest(100);
        Output(0, prompt, 1);
        int free = _engine.Model.Cache.FreeBlocks;
        Assert.ThrowsAny<ArgumentException>(() => Begin(slot, prompt, sharedTokens, from));
        Assert.Equal(free, _engine.Model.Cache.FreeBlocks);
        Assert.Equal(StepEvent.NoToken, _engine.RunStep([], _events) - 1);
        Assert.Single(Generate(0, 1, 1));
    }

    private static int[] Longest(int length) => TinyChat.Cases.First(c => c.Prompt.Length >= 1000).Prompt[..length];

    private void Begin(int slot, int[] prompt, int sharedTokens = 0, int from = 0) => _engine.Start(new SequenceStart
    {
        Slot = slot,
        Prompt = prompt,
        MaxTotalTokens = prompt.Length + 100,
        Sampling = SamplingSettings.Greedy,
        SharedTokens = sharedTokens,
        SharedFromSlot = from,
    });

    /// <summary>Steps a sequence until it gave some tokens.</summary>
    private ulong[] Generate(int slot, int pending, int count)
    {
        List<ulong> fingerprints = [];
        while (fingerprints.Count < count)
        {
            int tokens = Math.Min(pending, 512);
            _engine.RunStep([new StepItem(slot, tokens)], _events);
            Assert.Equal(SequenceStatus.Ok, _events[0].Status);
            pending -= tokens;
            if (pending == 0)
            {
                fingerprints.Add(ModelRun.Fingerprint(_engine.Model.Logits(0)));
                pending = 1;
            }
        }

        return [.. fingerprints];
    }

    private List<int> Output(int slot, int[] prompt, int count)
    {
        List<int> tokens = [];
        Begin(slot, prompt);
        for (int i = 0; i < count; i++)
        {
            _engine.RunStep([new StepItem(slot, i == 0 ? prompt.Length : 1)], _events);
            tokens.Add(_events[0].Token);
        }

        return tokens;
    }

    private ulong[] Fresh(int[] prompt)
    {
        Begin(63, prompt);
        ulong[] fingerprints = Generate(63, prompt.Length, 3);
        _engine.Remove(63);
        return fingerprints;
    }
}
