using System.CommandLine;
using System.Globalization;

namespace KvScheduling.Tool;

/// <summary>Options with checked values.</summary>
internal static class Options
{
    public static Option<string> Format()
    {
        Option<string> option = new("--format")
        {
            Description = "How results are written to standard output: a table for people, JSON with everything, or CSV.",
            DefaultValueFactory = static _ => "table",
            HelpName = "table|json|csv",
        };
        option.AcceptOnlyFromAmong("table", "json", "csv");
        return option;
    }

    public static OutputFormat FormatOf(string text) => Enum.Parse<OutputFormat>(text, ignoreCase: true);

    public static Option<int> Seed() => new("--seed")
    {
        Description = "The seed of everything random.",
        HelpName = "S",
        DefaultValueFactory = static _ => 1,
    };

    public static Option<long> KvTokens() => AtLeast(
        new Option<long>("--kv-tokens") { Description = "The KV budget in tokens.", HelpName = "M", Required = true },
        1);

    public static Option<string> Policies(string standard, IEnumerable<string> known) => new("--policies")
    {
        Description = $"The policies to compare, separated by commas: {string.Join(", ", known)}.",
        HelpName = "P,P,…",
        DefaultValueFactory = _ => standard,
    };

    public static Option<T> AtLeast<T>(Option<T> option, long least)
    {
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && long.TryParse(result.Tokens[0].Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) && value < least)
            {
                result.AddError($"{option.Name} must be at least {least}, but is {value}.");
            }
        });
        return option;
    }

    public static Option<double?> AboveZero(string name, string description, string helpName)
    {
        Option<double?> option = new(name) { Description = description, HelpName = helpName };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && double.TryParse(result.Tokens[0].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && !(value > 0 && double.IsFinite(value)))
            {
                result.AddError($"{name} must be above 0, but is {result.Tokens[0].Value}.");
            }
        });
        return option;
    }

    /// <summary>The names in a list, each once, in the spelling of the known ones.</summary>
    /// <exception cref="WrongInput">A name is unknown; the message lists the known ones.</exception>
    public static IReadOnlyList<string> Names(string list, IReadOnlyList<string> known)
    {
        var names = new List<string>();
        foreach (string name in list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string found = known.FirstOrDefault(each => each.Equals(name, StringComparison.OrdinalIgnoreCase))
                ?? throw new WrongInput($"--policies: there is no policy named '{name}'. Known policies: {string.Join(", ", known)}.");
            if (!names.Contains(found))
            {
                names.Add(found);
            }
        }

        return names.Count > 0 ? names : throw new WrongInput($"--policies names none. Known policies: {string.Join(", ", known)}.");
    }
}
