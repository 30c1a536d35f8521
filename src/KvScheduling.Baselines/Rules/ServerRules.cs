namespace KvScheduling.Baselines;

/// <summary>The schedulers of the known inference servers, in their default settings; limits that the engine or the options set are kept besides.</summary>
internal static class ServerRules
{
    private const double Watermark = 0.01;

    /// <summary>vLLM v1: what runs goes first, in its order; a new request is charged its prompt; the one that started last is computed again; after that nobody starts in the step.</summary>
    public static BaselineRules Vllm() => new() { Form = StepForm.StartOrder, Charge = new PromptCharge(), Victims = VictimRules.LatestStarted };

    /// <summary>vLLM v0, as Vidur has it: a batch of whole prompts wherever 1 % of the blocks stays free, padded to the longest; else a token for everybody; the latest arrival is computed again.</summary>
    public static BaselineRules VllmV0() => new()
    {
        Form = StepForm.PromptsFirst,
        Charge = new PromptCharge(Watermark),
        Victims = VictimRules.LatestArrival,
        WholePrompts = true,
        PadsPrompts = true,
    };

    /// <summary>Sarathi-Serve, as Vidur has it: decodes, filled up with chunks of prompts to 512 tokens; 1 % of the blocks stays free; the latest arrival is computed again.</summary>
    public static BaselineRules Sarathi() => new()
    {
        Form = StepForm.DecodesFirst,
        Charge = new PromptCharge(Watermark),
        Victims = VictimRules.LatestArrival,
        StepTokens = 512,
        ChunkTokens = 512,
    };

    /// <summary>TensorRT-LLM, GUARANTEED_NO_EVICT: blocks for prompt and output limit from the start, so that nobody is ever evicted.</summary>
    public static BaselineRules TensorRtLlm() => new() { Form = StepForm.DecodesFirst, Charge = new WorstCaseCharge() };

    /// <summary>SGLang: prompts before decodes; a share of the rest of running outputs is reserved, which shrinks until somebody must go: the one with the fewest output tokens first, until
    /// everybody has room for 20 more. The last one fails.</summary>
    public static BaselineRules Sglang() => new()
    {
        Form = StepForm.PromptsFirst,
        Charge = new RatioCharge(),
        Victims = VictimRules.FewestOutputs,
        HeadroomTokens = 20,
        WhenDry = DryPool.FailRequest,
    };

    /// <summary>Orca: batches anew in each iteration, whole prompts among decodes; everybody has a slot of the model's whole context.</summary>
    public static BaselineRules Orca() => new() { Form = StepForm.DecodesFirst, Charge = new ContextCharge(), WholePrompts = true };
}
