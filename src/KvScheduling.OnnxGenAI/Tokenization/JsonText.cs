using System.Text;

namespace KvScheduling.OnnxGenAI;

/// <summary>JSON that crosses to native code as text.</summary>
internal static class JsonText
{
    private const string EscapedNul = "\\u0000";

    /// <summary>Writes U+FFFD for every escaped U+0000: a rendered prompt ends natively at the first NUL.</summary>
    public static string WithoutNul(string json)
    {
        if (!json.Contains(EscapedNul, StringComparison.Ordinal))
        {
            return json;
        }

        StringBuilder text = new(json.Length);
        for (int i = 0; i < json.Length; i++)
        {
            // An escape is taken whole, so that an escaped backslash before "u0000" stays what it is.
            if (json[i] != '\\' || i + 1 == json.Length)
            {
                text.Append(json[i]);
            }
            else if (json.AsSpan(i).StartsWith(EscapedNul))
            {
                text.Append("\\uFFFD");
                i += EscapedNul.Length - 1;
            }
            else
            {
                text.Append(json[i]).Append(json[++i]);
            }
        }

        return text.ToString();
    }
}
