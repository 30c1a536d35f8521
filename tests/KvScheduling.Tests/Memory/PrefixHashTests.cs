namespace KvScheduling.Tests;

public sealed class PrefixHashTests
{
    private static readonly int[] Prompt = [.. Enumerable.Range(0, 70)];

    [Fact]
    public void Blocks_SamePromptAndScope_AreEqual() =>
        Assert.Equal(PrefixHash.Blocks(Prompt, 16, PrefixScope.Public, "a"), PrefixHash.Blocks(Prompt, 16, PrefixScope.Public, "b"));

    [Fact]
    public void Blocks_OtherTenant_ShareNothing() =>
        Assert.Empty(PrefixHash.Blocks(Prompt, 16, PrefixScope.Tenant, "a").Intersect(PrefixHash.Blocks(Prompt, 16, PrefixScope.Tenant, "b")));

    [Fact]
    public void Blocks_TenantAgainstPublicAndNoTenant_ShareNothing()
    {
        ulong[] nobody = PrefixHash.Blocks(Prompt, 16, PrefixScope.Tenant, null);
        Assert.Empty(nobody.Intersect(PrefixHash.Blocks(Prompt, 16, PrefixScope.Public, null)));
    }

    [Fact]
    public void Blocks_ScopeNoneOrShortPrompt_AreEmpty()
    {
        Assert.Empty(PrefixHash.Blocks(Prompt, 16, PrefixScope.None, "a"));
        Assert.Empty(PrefixHash.Blocks(Prompt.AsSpan(0, 15), 16, PrefixScope.Public, null));
    }

    [Fact]
    public void Blocks_OneTokenChanged_DifferFromItsBlockOn()
    {
        int[] changed = [.. Prompt];
        changed[20]++;
        ulong[] before = PrefixHash.Blocks(Prompt, 16, PrefixScope.Public, null);
        ulong[] after = PrefixHash.Blocks(changed, 16, PrefixScope.Public, null);
        Assert.Equal(before[0], after[0]);
        Assert.Equal(4, before.Length);
        Assert.All(Enumerable.Range(1, 3), i => Assert.NotEqual(before[i], after[i]));
    }

    [Fact]
    public void Blocks_ManySimilarPrompts_DoNotCollide()
    {
        var seen = new HashSet<ulong>();
        for (int a = 0; a < 300; a++)
        {
            for (int b = 0; b < 300; b++)
            {
                Assert.True(seen.Add(PrefixHash.Blocks([a, b, b, a], 4, PrefixScope.Public, null)[0]));
            }
        }
    }
}
