using System.CommandLine;
using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary>The caps that all policies of <c>bench wait</c> share.</summary>
internal sealed class WaitCapsOptions
{
    private readonly Option<long> _kvTokens = Options.AtLeast(
        new Option<long>("--kv-tokens") { Description = "The KV budget in tokens.", HelpName = "M", DefaultValueFactory = static _ => 137_000 }, 1);

    private readonly Option<int> _blockSize = Options.AtLeast(
        new Option<int>("--block-size") { Description = "Tokens per KV block.", HelpName = "B", DefaultValueFactory = static _ => 16 }, 1);

    private readonly Option<int> _maxRunning = Options.AtLeast(
        new Option<int>("--max-running") { Description = "The most requests that hold KV at once.", HelpName = "N", DefaultValueFactory = static _ => 128 }, 1);

    private readonly Option<int> _maxStepTokens = Options.AtLeast(
        new Option<int>("--max-step-tokens") { Description = "The most tokens computed in one step.", HelpName = "T", DefaultValueFactory = static _ => 512 }, 1);

    private readonly Option<int?> _prefillChunk = Options.AtLeast(
        new Option<int?>("--prefill-chunk") { Description = "The most tokens of one prompt in one step. By default all of the step.", HelpName = "C" }, 1);

    private readonly Option<string> _costModel = new("--cost-model")
    {
        Description = "How long an iteration takes: llama2-7b-a100, linear:d0,d1,d2,d3 (milliseconds), or a JSON file with d0 to d3.",
        HelpName = "MODEL",
        DefaultValueFactory = static _ => CostModels.Llama2A100,
    };

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_kvTokens, _blockSize, _maxRunning, _maxStepTokens, _prefillChunk, _costModel])
        {
            command.Options.Add(option);
        }
    }

    /// <exception cref="WrongInput">A value can't be used.</exception>
    public SimulationSettings Read(ParseResult result)
    {
        long kvTokens = result.GetValue(_kvTokens);
        int block = result.GetValue(_blockSize);
        if (block > kvTokens)
        {
            throw new WrongInput($"--block-size {block} is larger than --kv-tokens {kvTokens}. Give a smaller block or more KV.");
        }

        int maxStepTokens = result.GetValue(_maxStepTokens);
        return new SimulationSettings
        {
            KvTokens = kvTokens,
            BlockTokens = block,
            MaxRunningRequests = result.GetValue(_maxRunning),
            MaxStepTokens = maxStepTokens,
            PrefillChunkTokens = result.GetValue(_prefillChunk) ?? maxStepTokens,
            CostModel = CostModel(result.GetRequiredValue(_costModel)),
        };
    }

    private static IIterationCostModel CostModel(string text)
    {
        try
        {
            return CostModels.Parse(text);
        }
        catch (FormatException error)
        {
            throw new WrongInput($"--cost-model: {error.Message}", error);
        }
    }
}
