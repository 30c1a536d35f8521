using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary>A policy to run, with or without backfill.</summary>
/// <param name="Label">How it was asked for, and how results call it.</param>
/// <param name="Policy">The policy's name.</param>
/// <param name="Backfill">Whether requests may pass a blocked head; null leaves it to the run's own setting.</param>
internal sealed record PolicyChoice(string Label, string Policy, bool? Backfill)
{
    public const string Easy = "+easy";
    public const string Strict = "+strict";

    /// <summary>Reads a list such as <c>fcfs,svf+easy</c>: each once, in the spelling of the known names.</summary>
    /// <exception cref="WrongInput">A name is unknown; the message lists the known ones.</exception>
    public static IReadOnlyList<PolicyChoice> ParseList(string list, IReadOnlyList<string> known)
    {
        var choices = new List<PolicyChoice>();
        foreach (string text in list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            PolicyChoice choice = Parse(text, known);
            if (!choices.Contains(choice))
            {
                choices.Add(choice);
            }
        }

        return choices.Count > 0 ? choices : throw new WrongInput($"--policies names none. Known policies: {string.Join(", ", known)}.");
    }

    /// <summary>Reads one.</summary>
    /// <exception cref="WrongInput">The name is unknown; the message lists the known ones.</exception>
    public static PolicyChoice Parse(string text, IReadOnlyList<string> known)
    {
        bool? backfill = null;
        string name = text;
        if (text.EndsWith(Easy, StringComparison.OrdinalIgnoreCase))
        {
            (backfill, name) = (true, text[..^Easy.Length]);
        }
        else if (text.EndsWith(Strict, StringComparison.OrdinalIgnoreCase))
        {
            (backfill, name) = (false, text[..^Strict.Length]);
        }

        string found = known.FirstOrDefault(each => each.Equals(name, StringComparison.OrdinalIgnoreCase))
            ?? throw new WrongInput($"--policies: there is no policy named '{name}'. Known policies: {string.Join(", ", known)}.");
        string suffix = backfill switch
        {
            true => Easy,
            false => Strict,
            null => string.Empty,
        };
        return new PolicyChoice(found + suffix, found, backfill);
    }

    /// <summary>Settings under which this choice runs.</summary>
    public SimulationSettings Apply(SimulationSettings settings)
    {
        if (Backfill is not bool backfill)
        {
            return settings;
        }

        Action<KvSchedulingOptions>? configure = settings.Configure;
        return settings with
        {
            Configure = options =>
            {
                configure?.Invoke(options);
                options.Backfill = backfill;
            },
        };
    }
}
