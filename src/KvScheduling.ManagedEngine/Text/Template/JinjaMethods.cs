using System.Collections.Frozen;

namespace KvScheduling.ManagedEngine;

/// <summary>Methods of strings, lists and dictionaries. Methods that change a value do not exist: Hugging Face's sandbox forbids them too.</summary>
internal static class JinjaMethods
{
    private static readonly FrozenDictionary<string, JinjaFunction> Text = Table(
        Method("strip", ["characters?"], (text, values) => PythonText.Strip(text, OptionalText(values[1]))),
        Method("lstrip", ["characters?"], (text, values) => PythonText.StripStart(text, OptionalText(values[1]))),
        Method("rstrip", ["characters?"], (text, values) => PythonText.StripEnd(text, OptionalText(values[1]))),
        Method("upper", [], (text, _) => text.ToUpperInvariant()),
        Method("lower", [], (text, _) => text.ToLowerInvariant()),
        Method("title", [], (text, _) => PythonText.Title(text)),
        Method("capitalize", [], (text, _) => PythonText.Capitalize(text)),
        Method("startswith", ["prefix"], (text, values) => Any(values[1], prefix => text.StartsWith(prefix, StringComparison.Ordinal))),
        Method("endswith", ["suffix"], (text, values) => Any(values[1], suffix => text.EndsWith(suffix, StringComparison.Ordinal))),
        Method("removeprefix", ["prefix"],
            (text, values) => ToText(values[1]) is var prefix && text.StartsWith(prefix, StringComparison.Ordinal) ? text[prefix.Length..] : text),
        Method("removesuffix", ["suffix"],
            (text, values) => ToText(values[1]) is var suffix && text.EndsWith(suffix, StringComparison.Ordinal) ? text[..^suffix.Length] : text),
        Method("find", ["part"], (text, values) => Position(text, text.IndexOf(ToText(values[1]), StringComparison.Ordinal))),
        Method("rfind", ["part"], (text, values) => Position(text, text.LastIndexOf(ToText(values[1]), StringComparison.Ordinal))),
        Method("count", ["part"], (text, values) => ToText(values[1]) is { Length: > 0 } part ? text.Split(part).Length - 1L : PythonText.Length(text) + 1L),
        Method("isdigit", [], (text, _) => text.Length > 0 && text.All(char.IsDigit)),
        Method("isalpha", [], (text, _) => text.Length > 0 && text.All(char.IsLetter)),
        Method("isalnum", [], (text, _) => text.Length > 0 && text.All(char.IsLetterOrDigit)),
        Method("isspace", [], (text, _) => text.Length > 0 && PythonText.IsSpace(text.AsSpan())),
        Method("isupper", [], (text, _) => text.Any(char.IsUpper) && !text.Any(char.IsLower)),
        Method("islower", [], (text, _) => text.Any(char.IsLower) && !text.Any(char.IsUpper)),
        Method("splitlines", [], (text, _) => new JinjaList(PythonText.SplitLines(text))),
        Method("split", ["sep?", "maxsplit?"], (text, values) => new JinjaList(PythonText.Split(text, Separator(values[1]), Count(values[2])))),
        Method("rsplit", ["sep", "maxsplit?"], (text, values) => new JinjaList(PythonText.SplitFromEnd(text, Separator(values[1])!, Count(values[2])))),
        Context("replace", ["old", "new", "count?"], (context, values) => JinjaFilters.Replace(context, (string)values[0]!, values[1], values[2], values[3])),
        Context("join", ["items"], (context, values) => JinjaFilters.Join(context, PythonValue.ToItems(values[1]), (string)values[0]!)));

    private static readonly FrozenDictionary<string, JinjaFunction> Dictionary = Table(
        Context("get", ["key", "default?"], (_, values) =>
            values[1] is string key && ((JinjaDictionary)values[0]!).TryGet(key, out object? value) ? value
            : ReferenceEquals(values[2], JinjaSignature.Missing) ? null : values[2]),
        Context("items", [], (_, values) => Items((JinjaDictionary)values[0]!)),
        Context("keys", [], (_, values) => new JinjaList([.. ((JinjaDictionary)values[0]!).Keys])),
        Context("values", [], (_, values) => new JinjaList([.. ((JinjaDictionary)values[0]!).Entries.Select(entry => entry.Value)])),
        Context("copy", [], (_, values) => values[0]));

    private static readonly FrozenDictionary<string, JinjaFunction> List = Table(
        Context("index", ["item"], (_, values) =>
        {
            int index = ((JinjaList)values[0]!).Items.FindIndex(item => PythonValue.AreEqual(item, values[1]));
            return index >= 0 ? (long)index : throw new JinjaException("the item is not in the list.");
        }),
        Context("count", ["item"], (_, values) => (long)((JinjaList)values[0]!).Items.Count(item => PythonValue.AreEqual(item, values[1]))),
        Context("copy", [], (_, values) => values[0]));

    /// <summary>Whether some kind of value has a method of this name.</summary>
    public static bool IsKnown(string name) => Text.ContainsKey(name) || Dictionary.ContainsKey(name) || List.ContainsKey(name);

    public static JinjaFunction? Find(object? value, string name) => value switch
    {
        string => Text.GetValueOrDefault(name),
        JinjaDictionary => Dictionary.GetValueOrDefault(name),
        JinjaList => List.GetValueOrDefault(name),
        _ => null,
    };

    /// <summary>A dictionary's entries as pairs.</summary>
    public static JinjaList Items(JinjaDictionary dictionary) =>
        new([.. dictionary.Entries.Select(entry => new JinjaList([entry.Key, entry.Value], IsTuple: true))]);

    private static FrozenDictionary<string, JinjaFunction> Table(params JinjaFunction[] functions) => functions.ToFrozenDictionary(function => function.Name);

    private static JinjaFunction Method(string name, string[] parameters, Func<string, object?[], object?> body) =>
        Context(name, parameters, (_, values) => body((string)values[0]!, values));

    private static JinjaFunction Context(string name, string[] parameters, Func<JinjaContext, object?[], object?> body) =>
        new(name, new JinjaSignature(["self", .. parameters]), body);

    private static string ToText(object? value) => value as string ?? throw new JinjaException($"a string is needed, not {PythonValue.TypeName(value)}.");

    private static string? OptionalText(object? value) => value is null || ReferenceEquals(value, JinjaSignature.Missing) ? null : ToText(value);

    private static string? Separator(object? value) =>
        OptionalText(value) is not "" and var separator ? separator : throw new JinjaException("the separator is empty.");

    private static long Count(object? value) => ReferenceEquals(value, JinjaSignature.Missing) ? -1 : PythonValue.ToLong(value);

    private static bool Any(object? value, Func<string, bool> isMatch) =>
        value is JinjaList { IsTuple: true } list ? list.Items.Exists(item => isMatch(ToText(item))) : isMatch(ToText(value));

    private static long Position(string text, int index) => index <= 0 ? index : PythonText.Length(text[..index]);
}
