using System.Numerics;
using System.Text;

namespace KvScheduling;

/// <summary>Chained hashes of a prompt's full KV blocks: equal hashes mean equal prompts up to there, in the same scope.</summary>
/// <remarks>64 bits, each hash seeded by the one before and by the scope's salt, so that prompts of different tenants never meet.</remarks>
internal static class PrefixHash
{
    public static ulong[] Blocks(ReadOnlySpan<int> prompt, int blockTokens, PrefixScope scope, string? tenant)
    {
        if (scope == PrefixScope.None || prompt.Length < blockTokens)
        {
            return [];
        }

        ulong hash = scope == PrefixScope.Public ? PublicSalt : Salt(tenant);
        var blocks = new ulong[prompt.Length / blockTokens];
        for (int block = 0; block < blocks.Length; block++)
        {
            foreach (int token in prompt.Slice(block * blockTokens, blockTokens))
            {
                hash = Mix(hash, (uint)token);
            }

            blocks[block] = hash;
        }

        return blocks;
    }

    private const ulong PublicSalt = 0x9E3779B97F4A7C15;
    private const ulong TenantSalt = 0xC2B2AE3D27D4EB4F;

    private static ulong Salt(string? tenant)
    {
        ulong hash = TenantSalt;
        if (tenant is not null)
        {
            foreach (byte b in Encoding.UTF8.GetBytes(tenant))
            {
                hash = Mix(hash, b + 1u);
            }
        }

        return hash;
    }

    private static ulong Mix(ulong hash, uint value)
    {
        UInt128 product = Math.BigMul(hash ^ (value * 0xA0761D6478BD642FUL), 0xE7037ED1A0B428DBUL);
        ulong low = (ulong)product;
        return BitOperations.RotateLeft(low, 23) ^ (ulong)(product >> 64) ^ value;
    }
}
