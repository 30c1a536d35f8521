namespace KvScheduling;

/// <summary>KV that a request can start from instead of computing it.</summary>
/// <param name="Source">The slot that holds it; null when there is none.</param>
/// <param name="Tokens">Leading tokens that need not be computed.</param>
/// <param name="Continues">Whether the parked sequence is continued in its own slot.</param>
/// <param name="LiveBlocks">Leading blocks among them that running requests hold.</param>
/// <param name="NewlySharedBlocks">Those among the live ones that have one holder, <paramref name="Owner"/>, until now.</param>
/// <param name="Owner">That holder's slot; -1 for none.</param>
internal readonly record struct PrefixMatch(SequenceSlot? Source, int Tokens, bool Continues, int LiveBlocks, int NewlySharedBlocks, int Owner)
{
    public static PrefixMatch None => new(null, 0, false, 0, 0, -1);

    /// <summary>What a request asks of the ledger when it starts from here.</summary>
    public KvDemand Demand(SchedulableRequest request, int estimatedOutput) =>
        new(request.TokensToCompute, estimatedOutput - request.GeneratedTokens, LiveBlocks, NewlySharedBlocks, Owner);
}
