using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace KvScheduling.ManagedEngine.Tests.Text;

public sealed class TokenizerPropertyTests
{
    private static readonly TokenizerModel Tokenizer = TestFolders.TinyChatTokenizer;

    /// <summary>
    /// Text with much of what tokenizers stumble over: white space, digits, marks, characters beyond U+FFFF, pieces of special tokens that are none.
    /// </summary>
    private static readonly Arbitrary<string> ValidText = Gen.OneOf(
            Gen.Elements(" ", "  ", "\n", "\r\n", "\t", "a", "é", "e\u0301", "ß", "中文", "😀", "👩‍👩‍👧", "𝟘𝟙", "𐐷",
            "don't", "I'LL", "123", "٣", "<|im", "_", "...", "\u00A0", "\u2028", "\0", "\u200B", "ſ"),
            Gen.Choose(0, 0x10FFFF).Where(code => code is < 0xD800 or > 0xDFFF).Select(char.ConvertFromUtf32))
        .ListOf()
        .Select(string.Concat)
        .ToArbitrary();

    private static readonly Arbitrary<int[]> AnyTokens = Gen.OneOf(Gen.Choose(0, 1023), Gen.Choose(-5, 1100)).ArrayOf().ToArbitrary();

    [Fact]
    public void Encode_AnyText_DecodesToItself() =>
        Prop.ForAll(ValidText, text => Decoding.All(Tokenizer, Tokenizer.Encode(text)) == text).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));

    [Fact]
    public void Append_AnyTokens_GivesTheWholeDecode() => Prop.ForAll(AnyTokens, tokens =>
    {
        byte[] bytes = [.. tokens.SelectMany(token => Tokenizer.VisibleBytes(token).ToArray())];
        return Decoding.All(Tokenizer, tokens) == Encoding.UTF8.GetString(bytes);
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));

    [Fact]
    public void Append_AnyTokens_NeverCutsACharacter() => Prop.ForAll(ValidText, text =>
    {
        var decoder = new HfTokenDecoder(Tokenizer);
        return Tokenizer.Encode(text).TrueForAll(token =>
        {
            ReadOnlySpan<char> part = decoder.Append(token);
            return part.IsEmpty || (!char.IsLowSurrogate(part[0]) && !char.IsHighSurrogate(part[^1]));
        });
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    [Fact]
    public void Encode_FromManyThreads_GivesTheSame()
    {
        string text = string.Concat(Enumerable.Repeat("What is 15 + 62? Ça va 😀 ", 50));
        List<int> expected = Tokenizer.Encode(text);

        Parallel.For(0, 64, _ => Assert.Equal(expected, Tokenizer.Encode(text)));
    }
}
