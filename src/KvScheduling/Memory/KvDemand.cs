namespace KvScheduling;

/// <summary>What a request asks of the ledger when it starts.</summary>
/// <param name="Held">Tokens it holds at once: prompt and output so far, computed or not.</param>
/// <param name="Remaining">Tokens it plans to generate from there.</param>
/// <param name="LiveSharedBlocks">Leading blocks that running requests hold and it shares: they are charged already.</param>
/// <param name="NewlySharedBlocks">Those among them that had one holder until now, <paramref name="Owner"/>.</param>
/// <param name="Owner">The slot that held them alone; -1 for none.</param>
internal readonly record struct KvDemand(long Held, long Remaining, int LiveSharedBlocks = 0, int NewlySharedBlocks = 0, int Owner = -1);
