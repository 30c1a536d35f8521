namespace KvScheduling;

/// <summary>One generated token.</summary>
/// <param name="Index">Its position in the output, from 0.</param>
/// <param name="TokenId">Its id in the engine's vocabulary.</param>
public readonly record struct GeneratedToken(int Index, int TokenId);
