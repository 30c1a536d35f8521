namespace KvScheduling.ManagedEngine;

/// <summary>Settings of a managed engine.</summary>
public sealed class ManagedEngineOptions
{
    private const int LargestTeam = 256;
    private const int LargestDefaultTeam = 16;

    /// <summary>Room in the KV cache, in tokens, rounded down to whole blocks of 16. Memory is taken as it is first used, not at the start.</summary>
    /// <value>
    /// At least 16. The default value is <see langword="null"/>: 65,536, or as many as fit a quarter of the memory that the process may use, whichever is less.
    /// A token costs 2 · layers · key/value heads · head size · 4 bytes. The model's context is shortened to what the cache holds.
    /// </value>
    public long? KvCapacityTokens { get; set; }

    /// <summary>The most sequences that hold KV at once, parked ones included.</summary>
    /// <value>From 1 to 4,096. The default value is 64.</value>
    public int MaxSequences { get; set; } = 64;

    /// <summary>The most tokens computed in one step. Buffers grow with it.</summary>
    /// <value>From 1 to 8,192. The default value is 512.</value>
    public int MaxStepTokens { get; set; } = 512;

    /// <summary>The most threads that compute a step, the caller's included. Tiny steps get one, and fewer are used while other work takes the processor's cores.</summary>
    /// <value>From 1 to 256. The default value is <see langword="null"/>: one per processor, at most 16.</value>
    public int? Threads { get; set; }

    /// <summary>How weights lie in memory.</summary>
    /// <value>The default value is <see cref="WeightFormat.Auto"/>: nothing is rounded.</value>
    public WeightFormat WeightFormat { get; set; }

    /// <summary>The widest vectors used. Results are the same bits with every width; on some processors narrower ones let the clock run faster.</summary>
    /// <value>128, 256 or 512. The default value is 512, of which the machine uses what it has.</value>
    public int MaxVectorBits { get; set; } = 512;

    /// <summary>The text of a chat template that is used instead of the one in the model's folder: for a folder that has none, or one that needs what is not supported.</summary>
    /// <value>Jinja, as Hugging Face renders it. The default value is <see langword="null"/>: the folder's own.</value>
    public string? ChatTemplateOverride { get; set; }

    internal int EffectiveThreads => Threads ?? Math.Clamp(Environment.ProcessorCount, 1, LargestDefaultTeam);

    /// <summary>Refuses settings out of range.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The message names the setting, its value and its range.</exception>
    internal void Validate()
    {
        RequireRange(KvCapacityTokens ?? KvPool.BlockTokens, KvPool.BlockTokens, (long)int.MaxValue * KvPool.BlockTokens, nameof(KvCapacityTokens));
        RequireRange(MaxSequences, 1, 4096, nameof(MaxSequences));
        RequireRange(MaxStepTokens, 1, 8192, nameof(MaxStepTokens));
        RequireRange(Threads ?? 1, 1, LargestTeam, nameof(Threads));
        if (!Enum.IsDefined(WeightFormat))
        {
            throw new ArgumentOutOfRangeException(Name(nameof(WeightFormat)), WeightFormat, $"Must be one of {string.Join(", ", Enum.GetNames<WeightFormat>())}.");
        }

        if (MaxVectorBits is not (128 or 256 or 512))
        {
            throw new ArgumentOutOfRangeException(Name(nameof(MaxVectorBits)), MaxVectorBits, "Must be 128, 256 or 512.");
        }
    }

    /// <summary>A copy that later changes don't reach.</summary>
    internal ManagedEngineOptions Clone() => (ManagedEngineOptions)MemberwiseClone();

    private static void RequireRange(long value, long least, long most, string name)
    {
        if (value < least || value > most)
        {
            throw new ArgumentOutOfRangeException(Name(name), value, $"Must be from {least:N0} to {most:N0}.");
        }
    }

    private static string Name(string property) => nameof(ManagedEngineOptions) + "." + property;
}
