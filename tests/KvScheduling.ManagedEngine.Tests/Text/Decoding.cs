using System.Text;

namespace KvScheduling.ManagedEngine.Tests.Text;

internal static class Decoding
{
    /// <summary>Decodes tokens one by one, as an output arrives.</summary>
    public static string All(TokenizerModel tokenizer, IEnumerable<int> tokens)
    {
        var decoder = new HfTokenDecoder(tokenizer);
        var text = new StringBuilder();
        foreach (int token in tokens)
        {
            text.Append(decoder.Append(token));
        }

        return text.Append(decoder.Flush()).ToString();
    }
}
