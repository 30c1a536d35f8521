namespace KvScheduling.ManagedEngine;

/// <summary>Chooses the next tokens of a step, on several threads where it pays.</summary>
internal sealed class SamplingPass : IPhasedWork
{
    /// <summary>Rough costs per logit on one thread.</summary>
    private const double GreedyNanoseconds = 0.1;
    private const double SampledNanoseconds = 2;

    private readonly TransformerModel _model;
    private readonly TokenSampler _sampler;
    private readonly SamplerScratch?[] _scratch;
    private readonly EngineSlot[] _slots;
    private readonly int[] _tokens;
    private double _nanoseconds;
    private int _count;

    public SamplingPass(TransformerModel model)
    {
        _model = model;
        _sampler = TokenSampler.Create(model.Lanes);
        _slots = new EngineSlot[model.Limits.MaxSequences];
        _tokens = new int[model.Limits.MaxSequences];
        _scratch = new SamplerScratch?[model.Limits.Threads];
    }

    public int PhaseCount => 1;

    /// <summary>Makes sure that sampling with such settings allocates nothing.</summary>
    public void Prepare(SamplingSettings settings)
    {
        if (_scratch[0] is null && TokenSampler.NeedsScratch(settings))
        {
            for (int i = 0; i < _scratch.Length; i++)
            {
                _scratch[i] = _sampler.CreateScratch(_model.Config.VocabularySize);
            }
        }
    }

    public void Clear()
    {
        Array.Clear(_slots, 0, _count);
        _count = 0;
        _nanoseconds = 0;
    }

    /// <summary>Adds a sequence, in the order in which the step computes logits.</summary>
    public void Add(EngineSlot slot)
    {
        _slots[_count++] = slot;
        _nanoseconds += _model.Config.VocabularySize * (slot.Sampling.IsGreedy ? GreedyNanoseconds : SampledNanoseconds);
    }

    public void Run() => _model.Team.Run(this, _count > 1 ? _nanoseconds : 0);

    /// <summary>The token of the index-th sequence added, or <see cref="TokenSampler.NotFinite"/>.</summary>
    public int Token(int index) => _tokens[index];

    public int UnitsOf(int phase) => _count;

    public void Execute(int phase, int first, int end, int thread)
    {
        for (int i = first; i < end; i++)
        {
            _tokens[i] = _sampler.Sample(_model.Logits(i), _slots[i].Sampling, _slots[i].Output, _scratch[thread]);
        }
    }
}
