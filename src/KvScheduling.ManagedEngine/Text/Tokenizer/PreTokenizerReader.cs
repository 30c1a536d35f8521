using System.Text.Json;
using System.Text.RegularExpressions;

namespace KvScheduling.ManagedEngine;

/// <summary>Reads the <c>pre_tokenizer</c> of a <c>tokenizer.json</c>.</summary>
internal sealed class PreTokenizerReader(JsonFile json, string wayOut)
{
    // The pattern of GPT-2, which ByteLevel stands for unless it says otherwise.
    private const string Gpt2Pattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private readonly List<PreTokenizer.Stage> _stages = [];
    private bool _isByteLevel;

    public IReadOnlyList<PreTokenizer.Stage> Read()
    {
        const string Field = "pre_tokenizer";
        JsonElement root = json.Object(json.Root, Field, Field);
        Add(root, Field);
        return _isByteLevel ? _stages : throw json.Error(Field, $"has no ByteLevel. {wayOut}");
    }

    private void Add(JsonElement element, string field)
    {
        switch (json.Text(element, "type", $"{field}.type"))
        {
            case "Sequence":
                AddSequence(element, field);
                break;
            case "Split":
                AddSplit(element, field);
                break;
            case "Digits":
                bool isIndividual = json.FindFlag(element, "individual_digits", $"{field}.individual_digits") ?? false;
                AddPattern(isIndividual ? @"\p{N}" : @"\p{N}+", keepsOnlyMatches: false, field);
                break;
            case "ByteLevel":
                AddByteLevel(element, field);
                break;
            case var type:
                throw json.Error($"{field}.type", $"'{type}' is not supported; Sequence, Split, Digits and ByteLevel are. {wayOut}");
        }
    }

    private void AddSequence(JsonElement element, string field)
    {
        if (JsonFile.Find(element, "pretokenizers") is not { ValueKind: JsonValueKind.Array } list || field.Contains('[', StringComparison.Ordinal))
        {
            throw json.Error($"{field}.pretokenizers", "must be a list without a list in it.");
        }

        int index = 0;
        foreach (JsonElement item in list.EnumerateArray())
        {
            Add(item, $"{field}.pretokenizers[{index++}]");
        }
    }

    private void AddSplit(JsonElement element, string field)
    {
        string behavior = json.Text(element, "behavior", $"{field}.behavior");
        bool isInverted = json.FindFlag(element, "invert", $"{field}.invert") ?? false;
        bool keepsOnlyMatches = behavior == "Removed" && isInverted;
        if (behavior != "Isolated" && !keepsOnlyMatches)
        {
            string found = $"'{behavior}' with invert {(isInverted ? "true" : "false")}";
            throw json.Error($"{field}.behavior", $"{found} is not supported; 'Isolated', and 'Removed' with invert true, are.");
        }

        JsonElement pattern = json.Object(element, "pattern", $"{field}.pattern");
        if (JsonFile.Find(pattern, "String") is { } literal)
        {
            AddPattern(Regex.Escape(json.AsText(literal, $"{field}.pattern.String")), keepsOnlyMatches, field);
        }
        else
        {
            AddPattern(json.Text(pattern, "Regex", $"{field}.pattern.Regex"), keepsOnlyMatches, $"{field}.pattern.Regex");
        }
    }

    private void AddByteLevel(JsonElement element, string field)
    {
        _isByteLevel = true;
        if (json.FindFlag(element, "add_prefix_space", $"{field}.add_prefix_space") ?? true)
        {
            throw json.Error($"{field}.add_prefix_space", "true is not supported.");
        }

        if (json.FindFlag(element, "use_regex", $"{field}.use_regex") ?? true)
        {
            AddPattern(Gpt2Pattern, keepsOnlyMatches: false, field);
        }
    }

    private void AddPattern(string pattern, bool keepsOnlyMatches, string field)
    {
        if (CodePointText.NeedsMapping(pattern))
        {
            throw json.Error(field, "characters beyond U+FFFF in a pattern are not supported.");
        }

        try
        {
            _stages.Add(new PreTokenizer.Stage(new Regex(pattern, RegexOptions.CultureInvariant | RegexOptions.Compiled), keepsOnlyMatches));
        }
        catch (ArgumentException exception)
        {
            throw json.Error(field, $"the pattern is not supported by .NET ({exception.Message})", exception);
        }
    }
}
