using System.Globalization;
using System.Text;

namespace KvScheduling.ManagedEngine;

/// <summary>
/// A text with one character for each code point, for regular expressions. .NET's see UTF-16, where every letter, digit or sign beyond U+FFFF is two
/// surrogates of no such category.
/// </summary>
/// <remarks>A code point beyond U+FFFF is replaced by a rare character of its own category; positions map back to the text.</remarks>
internal static class CodePointText
{
    public static bool NeedsMapping(ReadOnlySpan<char> text) => text.ContainsAnyInRange('\uD800', '\uDFFF');

    /// <summary>Writes the stand-in text, and for each of its positions and its end the position in <paramref name="text"/>.</summary>
    /// <returns>The length of the stand-in text.</returns>
    public static int Map(ReadOnlySpan<char> text, Span<char> standIn, Span<int> positions)
    {
        int count = 0;
        for (int i = 0; i < text.Length; count++)
        {
            positions[count] = i;
            if (i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]))
            {
                standIn[count] = StandIn(Rune.GetUnicodeCategory(new Rune(text[i], text[i + 1])));
                i += 2;
            }
            else
            {
                standIn[count] = text[i++];
            }
        }

        positions[count] = text.Length;
        return count;
    }

    private static char StandIn(UnicodeCategory category) => category switch
    {
        UnicodeCategory.UppercaseLetter => '\u018E',
        UnicodeCategory.LowercaseLetter => '\u01DD',
        UnicodeCategory.TitlecaseLetter => '\u01C5',
        UnicodeCategory.ModifierLetter => '\u02B0',
        UnicodeCategory.OtherLetter => '\u01BB',
        UnicodeCategory.NonSpacingMark => '\u0300',
        UnicodeCategory.SpacingCombiningMark => '\u0903',
        UnicodeCategory.EnclosingMark => '\u0488',
        UnicodeCategory.DecimalDigitNumber => '\u0660',
        UnicodeCategory.LetterNumber => '\u2160',
        UnicodeCategory.OtherNumber => '\u00B2',
        UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => '\u2003',
        UnicodeCategory.ConnectorPunctuation => '\u203F',
        UnicodeCategory.DashPunctuation => '\u2010',
        UnicodeCategory.OpenPunctuation => '\u2045',
        UnicodeCategory.ClosePunctuation => '\u2046',
        UnicodeCategory.InitialQuotePunctuation => '\u2039',
        UnicodeCategory.FinalQuotePunctuation => '\u203A',
        UnicodeCategory.OtherPunctuation => '\u2020',
        UnicodeCategory.MathSymbol => '\u2200',
        UnicodeCategory.CurrencySymbol => '\u20A0',
        UnicodeCategory.ModifierSymbol => '\u02C2',
        UnicodeCategory.OtherSymbol => '\u2300',
        UnicodeCategory.Format => '\u00AD',
        UnicodeCategory.PrivateUse => '\uE000',
        _ => '\u0378',
    };
}
