using System.Collections.Frozen;

namespace KvScheduling;

/// <summary>The tokens of the simulated model: 256 bytes, three special tokens, and words in four forms.</summary>
internal static class SimulatedVocabulary
{
    public const int ByteCount = 256;
    public const int TextEnd = 256;
    public const int TurnStart = 257;
    public const int TurnEnd = 258;
    public const string TurnStartText = "<|im_start|>";
    public const string TurnEndText = "<|im_end|>";
    public const string TextEndText = "<|endoftext|>";

    private const int FirstWord = 259;
    private const int FormCount = 4;

    private static readonly string[] Words =
    [
        "a", "answer", "arrives", "batch", "becomes", "before", "block", "bright", "cache", "calm", "carries", "clear", "cloud", "comes", "early",
        "each", "engine", "even", "every", "fair", "fast", "finds", "first", "follows", "full", "garden", "gives", "grows", "harbour", "holds",
        "keeps", "late", "leaves", "light", "line", "long", "meets", "model", "moves", "next", "one", "open", "order", "place", "plan", "queue",
        "quiet", "reads", "request", "returns", "river", "round", "room", "sends", "short", "slow", "small", "step", "takes", "that", "the", "token",
        "turns", "waits",
    ];

    private static readonly string[] Texts = CreateTexts();
    private static readonly FrozenDictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> Ids = CreateIds();

    public static int WordCount => Words.Length;

    public static int Size => FirstWord + (Words.Length * FormCount);

    public static int WordToken(int word, WordForm form) => FirstWord + (word * FormCount) + (int)form;

    public static bool IsByte(int token) => token < ByteCount;

    /// <summary>The text of a word token; empty for special tokens, which a reader does not see.</summary>
    public static string TextOf(int token) => token < FirstWord ? string.Empty : Texts[token - FirstWord];

    public static bool TryGetWordToken(ReadOnlySpan<char> text, out int token) => Ids.TryGetValue(text, out token);

    private static string[] CreateTexts()
    {
        string[] texts = new string[Words.Length * FormCount];
        for (int word = 0; word < Words.Length; word++)
        {
            string capital = string.Concat(((char)(Words[word][0] - 'a' + 'A')).ToString(), Words[word].AsSpan(1));
            texts[(word * FormCount) + (int)WordForm.Plain] = " " + Words[word];
            texts[(word * FormCount) + (int)WordForm.Last] = " " + Words[word] + ".";
            texts[(word * FormCount) + (int)WordForm.Capital] = " " + capital;
            texts[(word * FormCount) + (int)WordForm.First] = capital;
        }

        return texts;
    }

    private static FrozenDictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> CreateIds()
    {
        Dictionary<string, int> ids = new(StringComparer.Ordinal);
        for (int i = 0; i < Texts.Length; i++)
        {
            ids.Add(Texts[i], FirstWord + i);
        }

        return ids.ToFrozenDictionary(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();
    }
}

/// <summary>How a word stands in a sentence.</summary>
internal enum WordForm
{
    /// <summary>After a space.</summary>
    Plain,

    /// <summary>After a space, with a full stop.</summary>
    Last,

    /// <summary>After a space, with a capital letter.</summary>
    Capital,

    /// <summary>With a capital letter and no space: the first of an output.</summary>
    First,
}
