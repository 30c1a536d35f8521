using System.CommandLine;

namespace KvScheduling.Samples.BacklogDrain;

/// <summary>The options of the command line.</summary>
internal sealed class DrainOptions
{
    private const string Compare = "compare";

    private static readonly string[] Policies =
    [
        SchedulingPolicies.SortedF,
        SchedulingPolicies.Fcfs,
        SchedulingPolicies.ShortestOutputFirst,
        SchedulingPolicies.SmallestPeakFirst,
        SchedulingPolicies.SmallestVolumeFirst,
    ];

    private readonly Option<string> _input = new("--input")
    {
        Description = "A CSV file with a header. About 200 mixed prompts for the bundled model by default.",
        HelpName = "F.csv",
        DefaultValueFactory = static _ => Path.Combine(AppContext.BaseDirectory, "prompts.csv"),
    };

    private readonly Option<string> _column = new("--column")
    {
        Description = "The column with the prompts.",
        HelpName = "NAME",
        DefaultValueFactory = static _ => "prompt",
    };

    private readonly Option<string> _expectedColumn = new("--expected-column")
    {
        Description = "The column with the expected output lengths in tokens, which may be rough; used when the file has it.",
        HelpName = "NAME",
        DefaultValueFactory = static _ => "expected_tokens",
    };

    private readonly Option<bool> _ignoreExpected = new("--ignore-expected")
    {
        Description = "Do without the expected lengths: the scheduler learns from the outputs it has seen.",
    };

    private readonly Option<string?> _output = new("--output")
    {
        Description = "Where the completions go, as CSV, each as soon as it is there.",
        HelpName = "F.csv",
    };

    private readonly Option<string> _policy = new("--policy")
    {
        Description = $"The order: {string.Join(", ", Policies)}; or {Compare}, which times sorted-f against fcfs.",
        HelpName = "P",
        DefaultValueFactory = static _ => Compare,
    };

    private readonly Option<string> _engine = new("--engine")
    {
        Description = "The engine: managed, or simulated (makes up its words, with the timing of Llama-2-7B on an A100, twenty times as fast).",
        HelpName = "E",
        DefaultValueFactory = static _ => EngineChoice.Managed,
    };

    private readonly Option<string?> _model = new("--model")
    {
        Description = "A model folder for the managed engine. The bundled tiny-chat by default.",
        HelpName = "FOLDER",
    };

    private readonly Option<long> _kvTokens = new("--kv-tokens")
    {
        Description = "The KV budget in tokens.",
        HelpName = "N",
        DefaultValueFactory = static _ => 2048,
    };

    private readonly Option<int> _maxOutput = new("--max-output")
    {
        Description = "The most output tokens of one prompt.",
        HelpName = "N",
        DefaultValueFactory = static _ => 512,
    };

    public DrainOptions()
    {
        _policy.AcceptOnlyFromAmong([Compare, .. Policies]);
        _engine.AcceptOnlyFromAmong(EngineChoice.Managed, EngineChoice.Simulated);
        RequirePositive(_kvTokens);
        RequirePositive(_maxOutput);
    }

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_input, _column, _expectedColumn, _ignoreExpected, _output, _policy, _engine, _model, _kvTokens, _maxOutput])
        {
            command.Options.Add(option);
        }
    }

    public DrainSettings Read(ParseResult result)
    {
        string policy = result.GetRequiredValue(_policy);
        return new DrainSettings
        {
            Input = result.GetRequiredValue(_input),
            Column = result.GetRequiredValue(_column),
            ExpectedColumn = result.GetRequiredValue(_expectedColumn),
            IgnoreExpected = result.GetValue(_ignoreExpected),
            Output = result.GetValue(_output),
            Policies = policy == Compare ? [SchedulingPolicies.SortedF, SchedulingPolicies.Fcfs] : [policy],
            Engine = result.GetRequiredValue(_engine),
            Model = result.GetValue(_model),
            KvTokens = result.GetRequiredValue(_kvTokens),
            MaxOutputTokens = result.GetRequiredValue(_maxOutput),
        };
    }

    private static void RequirePositive(Option option) => option.Validators.Add(result =>
    {
        if (result.Tokens.Count == 1 && long.TryParse(result.Tokens[0].Value, out long value) && value < 1)
        {
            result.AddError($"{option.Name} must be at least 1, but is {value}.");
        }
    });
}
