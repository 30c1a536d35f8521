using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace KvScheduling.ManagedEngine.Tests.Text;

public sealed class BytePairEncoderTests
{
    private static readonly string[] Pairs = ["a b", "ab a", "b a", "ba ba", "c c", "cc c", "a a", "aa aa", "aab b", "aa b", "ab ab", "ba c"];

    [Fact]
    public void Encode_AnyPiece_EqualsMergingOneByOne() => Prop.ForAll(
        Gen.Elements('a', 'b', 'c').ArrayOf().Select(letters => new string(letters)).Resize(120).ToArbitrary(),
        piece =>
        {
            BytePairEncoder encoder = Build(out Dictionary<string, int> vocabulary);
            var tokens = new List<int>();
            encoder.Encode(Encoding.UTF8.GetBytes(piece), tokens);
            return tokens.SequenceEqual(MergeOneByOne(piece, vocabulary));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));

    [Fact]
    public void Encode_VeryLongWord_EndsSoon()
    {
        // With a loop over all pairs for each merge this would take hours.
        List<int> tokens = TestFolders.TinyChatTokenizer.Encode(new string('e', 300_000));

        Assert.Equal(300_000, Decoding.All(TestFolders.TinyChatTokenizer, tokens).Length);
    }

    [Fact]
    public void Encode_ByteThatTheVocabularyLacks_IsLeftOutOrUnknown()
    {
        var vocabulary = new Dictionary<string, int> { ["a"] = 0, ["?"] = 1 };
        var without = new List<int>();
        var with = new List<int>();

        new BytePairEncoder(vocabulary, [], takesWholePieces: false, unknownToken: null).Encode("axa"u8, without);
        new BytePairEncoder(vocabulary, [], takesWholePieces: false, unknownToken: 1).Encode("axa"u8, with);

        Assert.Equal([0, 0], without);
        Assert.Equal([0, 1, 0], with);
    }

    [Fact]
    public void Encode_WholePieceInVocabulary_IsTakenOnlyWhenAsked()
    {
        var vocabulary = new Dictionary<string, int> { ["a"] = 0, ["b"] = 1, ["ab"] = 2 };
        var merged = new List<int>();
        var whole = new List<int>();

        new BytePairEncoder(vocabulary, [], takesWholePieces: false, unknownToken: null).Encode("ab"u8, merged);
        new BytePairEncoder(vocabulary, [], takesWholePieces: true, unknownToken: null).Encode("ab"u8, whole);

        Assert.Equal([0, 1], merged);
        Assert.Equal([2], whole);
    }

    private static BytePairEncoder Build(out Dictionary<string, int> vocabulary)
    {
        vocabulary = new Dictionary<string, int> { ["a"] = 0, ["b"] = 1, ["c"] = 2 };
        foreach (string pair in Pairs)
        {
            vocabulary.TryAdd(pair.Replace(" ", "", StringComparison.Ordinal), vocabulary.Count);
        }

        Dictionary<string, int> ids = vocabulary;
        IEnumerable<(int, int, int)> merges = Pairs.Select(pair => pair.Split(' ')).Select(pair => (ids[pair[0]], ids[pair[1]], ids[pair[0] + pair[1]]));
        return new BytePairEncoder(vocabulary, [.. merges], takesWholePieces: false, unknownToken: null);
    }

    private static IEnumerable<int> MergeOneByOne(string piece, Dictionary<string, int> vocabulary)
    {
        List<string> parts = [.. piece.Select(letter => letter.ToString())];
        while (true)
        {
            var best = Enumerable.Range(0, Math.Max(parts.Count - 1, 0))
                .Select(i => (Rank: Array.IndexOf(Pairs, $"{parts[i]} {parts[i + 1]}"), Position: i))
                .Where(candidate => candidate.Rank >= 0)
                .DefaultIfEmpty((Rank: -1, Position: -1))
                .Min();
            if (best.Rank < 0)
            {
                return parts.Select(part => vocabulary[part]);
            }

            parts[best.Position] += parts[best.Position + 1];
            parts.RemoveAt(best.Position + 1);
        }
    }
}
