namespace KvScheduling;

/// <summary>Settings of a <see cref="SimulatedEngine"/>. By default Llama-2-7B on one A100, with every capability an engine can have.</summary>
public sealed class SimulatedEngineOptions
{
    /// <summary>The name of the model.</summary>
    /// <value>The default value is <c>simulated</c>.</value>
    public string ModelId { get; set; } = "simulated";

    /// <summary>Room in the KV cache, in tokens; rounded down to whole blocks.</summary>
    /// <value>At least <see cref="BlockTokens"/>. The default value is 131,072: what an A100 with 80 GB has left beside a 7B model in float16.</value>
    public long KvCapacityTokens { get; set; } = 131_072;

    /// <summary>Tokens per KV block.</summary>
    /// <value>From 1 to 65,536. The default value is 16.</value>
    public int BlockTokens { get; set; } = 16;

    /// <summary>Slots.</summary>
    /// <value>From 1 to 65,536. The default value is 256.</value>
    public int MaxSequences { get; set; } = 256;

    /// <summary>The context, in tokens of prompt and output together.</summary>
    /// <value>At least 2. The default value is 4096.</value>
    public int MaxContextTokens { get; set; } = 4096;

    /// <summary>The most tokens computed in one step.</summary>
    /// <value>At least 1; at least the context when prompts are not chunked. The default value is 4096.</value>
    public int MaxStepTokens { get; set; } = 4096;

    /// <summary>
    /// What leaving a started sequence out of a step costs. With <see cref="HoldSupport.Soft"/>, up to a block of tokens is charged as prefill when it comes
    /// back.
    /// </summary>
    /// <value>The default value is <see cref="HoldSupport.Free"/>.</value>
    public HoldSupport Hold { get; set; } = HoldSupport.Free;

    /// <summary>Whether prompts may be computed in chunks.</summary>
    /// <value>The default value is <see langword="true"/>.</value>
    public bool SupportsChunkedPrefill { get; set; } = true;

    /// <summary>Whether an evicted sequence continues with the tokens it would have had. When not, it goes on with other words.</summary>
    /// <value>The default value is <see langword="true"/>.</value>
    public bool SupportsExactResume { get; set; } = true;

    /// <summary>What KV of other sequences a new one can start from.</summary>
    /// <value>The default value is <see cref="KvScheduling.PrefixReuse.Share"/>.</value>
    public PrefixReuse PrefixReuse { get; set; } = PrefixReuse.Share;

    /// <summary>How long an iteration takes.</summary>
    /// <value>The default value is <see cref="Llama2A100CostModel"/>.</value>
    public IIterationCostModel CostModel { get; set; } = Llama2A100CostModel.Instance;

    /// <summary>The clock that iterations take their time on: a <see cref="VirtualTimeProvider"/> is moved, any other is waited on.</summary>
    /// <value>The default value is <see langword="null"/>: the one among the application's services, or the system's.</value>
    public TimeProvider? TimeProvider { get; set; }

    /// <summary>How many times faster than the cost model says time passes.</summary>
    /// <value>Above zero. The default value is 1.</value>
    public double Speed { get; set; } = 1;

    /// <summary>About how many tokens come before the end token.</summary>
    /// <value>At least 1. The default value is 64.</value>
    public int TypicalOutputTokens { get; set; } = 64;

    /// <summary>How far output lengths lie around the typical one: evenly over typical · (1 ± spread).</summary>
    /// <value>From 0 to 1. The default value is 0.5.</value>
    public double OutputLengthSpread { get; set; } = 0.5;

    /// <summary>The seed of the model: which words follow which prompt.</summary>
    /// <value>The default value is 0.</value>
    public long Seed { get; set; }

    /// <summary>
    /// Whether asking for more KV than there is counts as a breach of the contract, instead of being answered with
    /// <see cref="SequenceStatus.OutOfCapacity"/>.
    /// </summary>
    /// <value>The default value is <see langword="false"/>.</value>
    public bool ThrowWhenOverCapacity { get; set; }

    /// <summary>Faults to inject.</summary>
    public SimulatedFaults Faults { get; set; } = new();

    internal void Validate()
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(ModelId);
        ArgumentNullException.ThrowIfNull(CostModel);
        ArgumentNullException.ThrowIfNull(Faults);
        CheckRange(BlockTokens, 1, 65_536, nameof(BlockTokens));
        CheckRange(KvCapacityTokens, BlockTokens, (long)int.MaxValue * BlockTokens, nameof(KvCapacityTokens));
        CheckRange(MaxSequences, 1, 65_536, nameof(MaxSequences));
        CheckRange(MaxContextTokens, 2, int.MaxValue, nameof(MaxContextTokens));
        CheckRange(MaxStepTokens, SupportsChunkedPrefill ? 1 : MaxContextTokens, int.MaxValue, nameof(MaxStepTokens));
        CheckRange(TypicalOutputTokens, 1, int.MaxValue / 2, nameof(TypicalOutputTokens));
        Check(OutputLengthSpread is >= 0 and <= 1, OutputLengthSpread, nameof(OutputLengthSpread), "from 0 to 1");
        Check(Speed > 0 && double.IsFinite(Speed), Speed, nameof(Speed), "finite and above 0");
        Check(Enum.IsDefined(Hold), Hold, nameof(Hold), $"a value of {nameof(HoldSupport)}");
        Check(Enum.IsDefined(PrefixReuse), PrefixReuse, nameof(PrefixReuse), $"a value of {nameof(KvScheduling.PrefixReuse)}");
        Faults.Validate();
    }

    private static void CheckRange(long value, long least, long most, string name) =>
        Check(value >= least && value <= most, value, name, $"from {least} to {most}");

    private static void Check(bool valid, object value, string name, string range)
    {
        if (!valid)
        {
            throw new ArgumentOutOfRangeException(name, value, $"{nameof(SimulatedEngineOptions)}.{name} must be {range}.");
        }
    }
}
