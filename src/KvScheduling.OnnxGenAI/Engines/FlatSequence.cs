using System.Buffers;

namespace KvScheduling.OnnxGenAI;

/// <summary>One sequence of the flat engine: its tokens and the native generator that computes them.</summary>
/// <remarks>
/// A generator is created with a limit of exactly the tokens the sequence may hold, because models that share past and present buffers allocate the whole limit at once.
/// Its random stream and grammar begin with it, so a sampled or guided sequence that comes back generates its known output once more.
/// </remarks>
internal sealed unsafe class FlatSequence : IDisposable
{
    private readonly int[] _tokens;
    private readonly string? _schema;
    private readonly SamplingSettings _sampling;
    private readonly int _maxTotalTokens;
    private GeneratorHandle? _generator;

    // [0, _known) is prompt and output; [0, _replayed) of it is what the generator must hold before it samples next; [0, _appended) is what it holds.
    private int _known;
    private int _replayed;
    private int _appended;
    private bool _isReturned;

    public FlatSequence(in SequenceStart start)
    {
        Slot = start.Slot;
        _sampling = start.Sampling;
        _schema = start.Constraint is { } constraint ? Guidance.Schema(constraint) : null;
        _maxTotalTokens = start.MaxTotalTokens;
        _known = start.Prompt.Length + start.Output.Length;
        _tokens = ArrayPool<int>.Shared.Rent(start.MaxTotalTokens + 1);
        start.Prompt.CopyTo(_tokens);
        start.Output.CopyTo(_tokens.AsSpan(start.Prompt.Length));
        bool resumesByReplay = _schema is not null || !(_sampling.IsGreedy || _sampling.TopK == 1);
        _replayed = resumesByReplay ? start.Prompt.Length : _known;
        Uncomputed = _known;
    }

    public int Slot { get; }

    /// <summary>Tokens that are not in the KV cache.</summary>
    public int Uncomputed { get; private set; }

    /// <summary>Tokens in the KV cache.</summary>
    public int KvTokens => _known - Uncomputed;

    /// <summary>The sequence can't go on.</summary>
    public bool HasFailed { get; set; }

    /// <summary>Creates the generator.</summary>
    /// <exception cref="OnnxGenAIException">The native side refuses limit, sampling or grammar.</exception>
    public void CreateGenerator(nint model, int vocabularySize)
    {
        NativeResult.Check(NativeMethods.OgaCreateGeneratorParams(model, out nint parameters));
        try
        {
            bool isGreedy = _sampling.IsGreedy || _sampling.TopK == 1;
            Set(parameters, "max_length", _maxTotalTokens);
            Set(parameters, "temperature", isGreedy ? 1 : _sampling.Temperature);
            Set(parameters, "top_k", isGreedy ? 1 : Math.Min(_sampling.TopK, vocabularySize));
            Set(parameters, "top_p", isGreedy ? 1 : _sampling.TopP);
            Set(parameters, "random_seed", (int)((ulong)(_sampling.Seed ?? 0) % int.MaxValue));
            NativeResult.Check(NativeMethods.OgaGeneratorParamsSetSearchBool(parameters, "do_sample", isGreedy ? (byte)0 : (byte)1));
            if (_schema is not null)
            {
                NativeResult.Check(NativeMethods.OgaGeneratorParamsSetGuidance(parameters, Guidance.JsonSchema, _schema, enableFastForward: 0));
            }

            NativeResult.Check(NativeMethods.OgaCreateGenerator(model, parameters, out nint generator));
            _generator = new GeneratorHandle(generator);
        }
        finally
        {
            NativeMethods.OgaDestroyGeneratorParams(parameters);
        }
    }

    /// <summary>Computes some of the missing tokens, and samples the next one when none is missing then.</summary>
    /// <param name="wanted">How many to compute.</param>
    /// <param name="endToken">The only id that the native side takes for the end.</param>
    /// <exception cref="OnnxGenAIException">The step failed; the generator gives garbage from now on.</exception>
    public StepEvent Advance(int wanted, int endToken)
    {
        if (_known >= _maxTotalTokens)
        {
            throw new OnnxGenAIException($"the sequence holds its limit of {_maxTotalTokens} tokens already.");
        }

        nint generator = _generator!.Value;
        wanted = Math.Min(wanted, Uncomputed);
        int computed = 0;
        do
        {
            if (_appended < _replayed)
            {
                int chunk = Math.Min(wanted - computed, _replayed - _appended);
                Append(generator, chunk);
                computed += chunk;
                if (_appended < _replayed)
                {
                    break;
                }
            }
            else
            {
                // The token sampled before enters the KV cache with the next sampling.
                computed++;
            }

            int token = Generate(generator, endToken);
            if (_replayed == _known)
            {
                _tokens[_known++] = token;
                _replayed = _known;
                Uncomputed = 1;
                return new StepEvent(Slot, computed, token);
            }

            if (_tokens[_replayed++] != token)
            {
                throw new OnnxGenAIException("the known output could not be generated once more.");
            }
        }
        while (computed < wanted);

        Uncomputed -= computed;
        return new StepEvent(Slot, computed, StepEvent.NoToken);
    }

    public void Dispose()
    {
        _generator?.Dispose();
        _generator = null;
        if (!_isReturned)
        {
            _isReturned = true;
            ArrayPool<int>.Shared.Return(_tokens);
        }
    }

    private static void Set(nint parameters, string name, double value) => NativeResult.Check(NativeMethods.OgaGeneratorParamsSetSearchNumber(parameters, name, value));

    private void Append(nint generator, int count)
    {
        fixed (int* start = &_tokens[_appended])
        {
            NativeResult.Check(NativeMethods.OgaGenerator_AppendTokens(generator, start, (nuint)count));
        }

        _appended += count;
    }

    // An end token does not grow the native sequence.
    private int Generate(nint generator, int endToken)
    {
        nuint before = NativeMethods.OgaGenerator_GetSequenceCount(generator, 0);
        NativeResult.Check(NativeMethods.OgaGenerator_GenerateNextToken(generator));
        nuint after = NativeMethods.OgaGenerator_GetSequenceCount(generator, 0);
        if (after == before)
        {
            return endToken;
        }

        if (after != before + 1)
        {
            throw new OnnxGenAIException($"one step generated {after - before} tokens.");
        }

        _appended++;
        return NativeMethods.OgaGenerator_GetSequenceData(generator, 0)[before];
    }
}
