namespace KvScheduling;

/// <summary>What steps of this engine cost, fitted to the steps that were measured: seconds = base + prefill extra [if a prompt is computed] + per prefill token + per decode row + per KV
/// token of the decode rows.</summary>
/// <remarks>
/// Least squares over exponentially forgotten steps; a coefficient that would be negative is left out. The prefill extra is what forming batches saves: one step with two prompts pays it once.
/// It is penalised a little, so that what the measurements can't tell apart counts as proportional, for which waiting gains nothing.
/// </remarks>
internal sealed class StepCostFit
{
    private const int Terms = 5;
    private const int Extra = 1;
    private const double Memory = 0.999;
    private const double Penalty = 1e-6;
    private const double ExtraPenalty = 0.02;

    /// <summary>With fewer steps of either kind nothing is said.</summary>
    private const int FewSteps = 32;

    private readonly double[] _moments = new double[Terms * Terms];
    private readonly double[] _targets = new double[Terms];
    private readonly double[] _work = new double[Terms * (Terms + 1)];
    private readonly double[] _solution = new double[Terms];
    private readonly bool[] _used = new bool[Terms];
    private long _prefillSteps;
    private long _decodeSteps;

    /// <summary>Whether enough steps were measured.</summary>
    public bool IsReady => _prefillSteps >= FewSteps && _decodeSteps >= FewSteps;

    public void Add(in StepShape shape, TimeSpan duration)
    {
        bool hasPrefill = shape.PrefillChunks > 0;
        _prefillSteps += hasPrefill ? 1 : 0;
        _decodeSteps += hasPrefill ? 0 : 1;
        ReadOnlySpan<double> step = [1, hasPrefill ? 1 : 0, shape.PrefillTokens, shape.DecodeRows, shape.DecodeKvTokens + shape.DecodeRows];
        double seconds = Math.Max(duration.TotalSeconds, 0);
        for (int i = 0; i < Terms; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                ref double moment = ref _moments[(i * Terms) + j];
                moment = (moment * Memory) + (step[i] * step[j]);
            }

            _targets[i] = (_targets[i] * Memory) + (step[i] * seconds);
        }
    }

    /// <summary>The coefficients by now.</summary>
    public StepCosts Fit()
    {
        Array.Fill(_used, true);
        while (true)
        {
            Solve();
            int worst = -1;
            for (int i = 0; i < Terms; i++)
            {
                worst = _used[i] && _solution[i] < 0 && (worst < 0 || Relative(i) < Relative(worst)) ? i : worst;
            }

            if (worst < 0)
            {
                return new StepCosts(_solution[0], _solution[1], _solution[2], _solution[3], _solution[4]);
            }

            _used[worst] = false;
        }

        double Relative(int i) => _solution[i] * Math.Sqrt(_moments[(i * Terms) + i]);
    }

    /// <summary>Gaussian elimination with pivots over the terms in use, each scaled to its own size.</summary>
    private void Solve()
    {
        const int Width = Terms + 1;
        Array.Clear(_work);
        for (int i = 0; i < Terms; i++)
        {
            double scale = Scale(i);
            _work[(i * Width) + i] = 1;
            if (!_used[i] || scale == 0)
            {
                continue;
            }

            for (int j = 0; j < Terms; j++)
            {
                if (_used[j] && Scale(j) > 0)
                {
                    _work[(i * Width) + j] = _moments[(Math.Max(i, j) * Terms) + Math.Min(i, j)] / (scale * Scale(j));
                }
            }

            _work[(i * Width) + i] += i == Extra ? ExtraPenalty : Penalty;
            _work[(i * Width) + Terms] = _targets[i] / scale;
        }

        for (int pivot = 0; pivot < Terms; pivot++)
        {
            // Positive definite by the penalties: no exchange of rows is needed.
            for (int row = 0; row < Terms; row++)
            {
                double factor = row == pivot ? 0 : _work[(row * Width) + pivot] / _work[(pivot * Width) + pivot];
                for (int column = pivot; factor != 0 && column < Width; column++)
                {
                    _work[(row * Width) + column] -= factor * _work[(pivot * Width) + column];
                }
            }
        }

        for (int i = 0; i < Terms; i++)
        {
            double scale = Scale(i);
            _solution[i] = _used[i] && scale > 0 ? _work[(i * Width) + Terms] / _work[(i * Width) + i] / scale : 0;
        }

        double Scale(int i) => Math.Sqrt(_moments[(i * Terms) + i]);
    }
}

/// <summary>Coefficients of a step's time, in seconds; 0 or more each.</summary>
/// <param name="Base">What a step costs before it computes anything.</param>
/// <param name="PrefillExtra">What a step with a prompt costs beside its tokens.</param>
/// <param name="PerPrefillToken">Per prompt token.</param>
/// <param name="PerDecodeRow">Per sequence that decodes.</param>
/// <param name="PerKvToken">Per KV token of those.</param>
internal readonly record struct StepCosts(double Base, double PrefillExtra, double PerPrefillToken, double PerDecodeRow, double PerKvToken)
{
    /// <summary>For the fluid model, which knows no extra: it counts with the base.</summary>
    public FluidCost ToFluid() => new(Math.Max(Base + PrefillExtra, 1e-9), PerPrefillToken, PerDecodeRow, PerKvToken);
}
