using System.Text;

namespace KvScheduling.ManagedEngine;

/// <summary>Unicode normalization as tokenizers ask for it.</summary>
internal static class UnicodeText
{
    /// <summary>The text in normalization form C. Lone surrogates, which have no normal form, become U+FFFD.</summary>
    /// <remarks>
    /// In an application with invariant globalization and no ICU, .NET leaves text as it is: then only text that is already in form C, which nearly all text
    /// is, gets the model's exact tokens.
    /// </remarks>
    public static string ToFormC(string text)
    {
        try
        {
            return text.Normalize(NormalizationForm.FormC);
        }
        catch (ArgumentException)
        {
            return Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)).Normalize(NormalizationForm.FormC);
        }
    }
}
