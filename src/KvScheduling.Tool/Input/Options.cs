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
            Description = "How results are written to standard output: a table for people, JSON with everything, CSV, or a Markdown table.",
            DefaultValueFactory = static _ => "table",
            HelpName = "table|json|csv|markdown",
        };
        option.AcceptOnlyFromAmong("table", "json", "csv", "markdown");
        return option;
    }

    public static OutputFormat FormatOf(string text) => Enum.Parse<OutputFormat>(text, ignoreCase: true);

    public static Option<int> Seed() => new("--seed")
    {
        Description = "The seed of everything random.",
        HelpName = "S",
        DefaultValueFactory = static _ => 1,
    };

    public static Option<string?> Report() => new("--report")
    {
        Description = "Also writes a page with charts and their figures: one HTML file with everything in it.",
        HelpName = "out.html",
    };

    public static Option<string> FluidTypes(bool isRequired) => new("--types")
    {
        Description = "A CSV file with the columns arrival_rate (requests per second), prompt_tokens and output_tokens, a row per type: one prefill and output_tokens decodes.",
        HelpName = "T.csv",
        Required = isRequired,
    };

    public static Option<long> KvTokens() => AtLeast(
        new Option<long>("--kv-tokens") { Description = "The KV budget in tokens.", HelpName = "M", Required = true },
        1);

    public static Option<string> Policies(string standard, IEnumerable<string> known) => new("--policies")
    {
        Description = $"The policies to compare, separated by commas: {string.Join(", ", known)}. {PolicyChoice.Easy} behind a name turns backfill on, {PolicyChoice.Strict} turns it off.",
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

    public static Option<double?> ZeroOrMore(string name, string description, string helpName)
    {
        Option<double?> option = new(name) { Description = description, HelpName = helpName };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && double.TryParse(result.Tokens[0].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && !(value >= 0 && double.IsFinite(value)))
            {
                result.AddError($"{name} must be zero or more, but is {result.Tokens[0].Value}.");
            }
        });
        return option;
    }

    /// <summary>The numbers in a list, each once.</summary>
    /// <exception cref="WrongInput">One is no number above 0.</exception>
    public static IReadOnlyList<double> NumbersAboveZero(string list, string option)
    {
        var numbers = new List<double>();
        foreach (string text in list.Split(',', StringSplitOptions.TrimEntries))
        {
            double number = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value > 0 && double.IsFinite(value)
                ? value
                : throw new WrongInput($"{option} must be above 0, but is '{text}'. Give numbers separated by commas.");
            if (!numbers.Contains(number))
            {
                numbers.Add(number);
            }
        }

        return numbers;
    }
}
