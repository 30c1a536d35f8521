namespace KvScheduling.Simulation;

/// <summary>The primal simplex method on a dense tableau, in two phases: least c·x with A·x = b or A·x ≤ b, x ≥ 0, b ≥ 0.</summary>
/// <remarks>For small programmes: a pivot costs rows × columns. Enters by steepest cost; after a run of pivots without progress by the least index (Bland), which
/// can't cycle.</remarks>
internal sealed class Simplex
{
    private const double Tolerance = 1e-9;
    private const int PatienceWithoutProgress = 50;

    private readonly int _variables;
    private readonly int _equalities;
    private readonly int _rows;
    private readonly int _width;
    private readonly double[] _tableau;
    private readonly double[] _costs;
    private readonly double[] _reduced;
    private readonly int[] _basis;
    private bool _isFeasible;

    /// <summary>Makes an empty programme.</summary>
    /// <param name="costs">c.</param>
    /// <param name="equalities">Rows that are equalities; they come first.</param>
    /// <param name="inequalities">Rows that are at most their right-hand side.</param>
    public Simplex(double[] costs, int equalities, int inequalities)
    {
        _costs = costs;
        _variables = costs.Length;
        _equalities = equalities;
        _rows = equalities + inequalities;
        _width = _variables + _rows + 1;
        _tableau = new double[_rows * _width];
        _reduced = new double[_width];
        _basis = new int[_rows];
        for (int row = 0; row < _rows; row++)
        {
            // An artificial variable for each equality, a slack for each inequality: the first basis.
            _basis[row] = _variables + row;
            _tableau[(row * _width) + _variables + row] = 1;
        }
    }

    /// <summary>A coefficient of A.</summary>
    public double this[int row, int variable]
    {
        set => _tableau[(row * _width) + variable] = value;
    }

    public void SetRightSide(int row, double value) => _tableau[(row * _width) + _width - 1] = value;

    /// <summary>Solves it.</summary>
    /// <returns>The least value and x; the programme must have a solution.</returns>
    public (double Value, double[] Variables) Solve(CancellationToken cancellationToken)
    {
        double[] phase = new double[_width];
        phase.AsSpan(_variables, _equalities).Fill(1);
        Minimise(phase, cancellationToken);
        _isFeasible = true;
        Array.Clear(phase);
        _costs.CopyTo(phase, 0);

        // Artificial variables must stay at zero.
        phase.AsSpan(_variables, _equalities).Fill(double.PositiveInfinity);
        Minimise(phase, cancellationToken);
        double[] solution = new double[_variables];
        double value = 0;
        for (int row = 0; row < _rows; row++)
        {
            if (_basis[row] < _variables)
            {
                solution[_basis[row]] = Right(row);
                value += _costs[_basis[row]] * Right(row);
            }
        }

        return (value, solution);
    }

    private bool IsArtificial(int variable) => variable >= _variables && variable < _variables + _equalities;

    private double Right(int row) => _tableau[(row * _width) + _width - 1];

    private void Minimise(double[] costs, CancellationToken cancellationToken)
    {
        Price(costs);
        int idle = 0;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int column = Entering(costs, byIndex: idle > PatienceWithoutProgress);
            if (column < 0)
            {
                return;
            }

            int row = Leaving(column);
            idle = Right(row) > Tolerance ? 0 : idle + 1;
            Pivot(row, column);
        }
    }

    /// <summary>Reduced costs of the present basis.</summary>
    private void Price(double[] costs)
    {
        for (int column = 0; column < _width; column++)
        {
            _reduced[column] = double.IsFinite(costs[column]) ? costs[column] : 0;
        }

        for (int row = 0; row < _rows; row++)
        {
            double cost = costs[_basis[row]];
            if (cost != 0 && double.IsFinite(cost))
            {
                Subtract(_reduced, row, cost);
            }
        }
    }

    private int Entering(double[] costs, bool byIndex)
    {
        int best = -1;
        double least = -Tolerance;
        for (int column = 0; column < _width - 1; column++)
        {
            if (_reduced[column] < least && double.IsFinite(costs[column]))
            {
                best = column;
                if (byIndex)
                {
                    return best;
                }

                least = _reduced[column];
            }
        }

        return best;
    }

    private int Leaving(int column)
    {
        int best = -1;
        double least = double.PositiveInfinity;
        for (int row = 0; row < _rows; row++)
        {
            double coefficient = _tableau[(row * _width) + column];
            if (_isFeasible && IsArtificial(_basis[row]) && Math.Abs(coefficient) > Tolerance)
            {
                // It is zero and must not grow.
                return row;
            }

            if (coefficient <= Tolerance)
            {
                continue;
            }

            double ratio = Right(row) / coefficient;
            if (ratio < least - Tolerance || (ratio < least + Tolerance && (best < 0 || _basis[row] < _basis[best])))
            {
                least = Math.Min(least, ratio);
                best = row;
            }
        }

        return best >= 0 ? best : throw new InvalidOperationException("The linear programme has no least value.");
    }

    private void Pivot(int row, int column)
    {
        Span<double> pivotRow = _tableau.AsSpan(row * _width, _width);
        double scale = 1 / pivotRow[column];
        for (int i = 0; i < pivotRow.Length; i++)
        {
            pivotRow[i] *= scale;
        }

        for (int other = 0; other < _rows; other++)
        {
            double factor = _tableau[(other * _width) + column];
            if (other != row && factor != 0)
            {
                Subtract(_tableau.AsSpan(other * _width, _width), row, factor);
            }
        }

        Subtract(_reduced, row, _reduced[column]);
        _basis[row] = column;
    }

    private void Subtract(Span<double> target, int row, double factor)
    {
        ReadOnlySpan<double> source = _tableau.AsSpan(row * _width, _width);
        for (int i = 0; i < target.Length; i++)
        {
            target[i] -= factor * source[i];
        }
    }
}
