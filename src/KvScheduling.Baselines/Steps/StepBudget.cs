namespace KvScheduling.Baselines;

/// <summary>The tokens of the step in composition.</summary>
internal sealed class StepBudget
{
    private readonly BaselineRules _rules;
    private readonly int _stepTokens;
    private readonly int _chunkTokens;
    private readonly int _engineTokens;
    private readonly bool _isWhole;
    private readonly bool _canCut;
    private int _prompts;
    private int _longest;

    public StepBudget(SchedulerLimits limits, BaselineRules rules)
    {
        _rules = rules;
        _stepTokens = Math.Min(limits.MaxStepTokens, rules.StepTokens);
        _chunkTokens = Math.Min(limits.ChunkTokens, rules.ChunkTokens);
        _engineTokens = limits.EngineStepTokens;
        _canCut = limits.IsChunked;
        _isWhole = rules.WholePrompts || !limits.IsChunked;
    }

    /// <summary>Tokens left.</summary>
    public int Left { get; private set; }

    /// <summary>Whether the step computes anything.</summary>
    public bool IsUsed => Used > 0;

    private int Used { get; set; }

    public void Reset()
    {
        Left = _stepTokens;
        Used = 0;
        _prompts = 0;
        _longest = 0;
    }

    /// <summary>How many tokens of a prompt with so many to compute the step has room for.</summary>
    /// <remarks>A whole prompt that is longer than the step is taken as the first one of a step all the same, as far as the engine can.</remarks>
    public int ForPrompt(int needed)
    {
        if (!_isWhole)
        {
            return Math.Min(Math.Min(needed, _chunkTokens), Math.Max(Left, 0));
        }

        long total = _rules.PadsPrompts ? (_prompts + 1L) * Math.Max(_longest, needed) : (long)Used + needed;
        if (total <= _stepTokens)
        {
            return needed;
        }

        int room = _engineTokens - Used;
        return _prompts > 0 ? 0
            : needed <= room ? needed
            : _canCut ? Math.Max(room, 0)
            : Used == 0 ? needed : 0;
    }

    public void Take(int tokens, bool isPrompt)
    {
        Used += tokens;
        Left -= tokens;
        _prompts += isPrompt ? 1 : 0;
        _longest = isPrompt ? Math.Max(_longest, tokens) : _longest;
    }

    /// <summary>A part of the step was taken out of it.</summary>
    public void Return(int tokens)
    {
        Used -= tokens;
        Left += tokens;
    }
}
