namespace KvScheduling;

/// <summary>A line behind a gate that forms cohorts: each cohort in the order of arrival, those that may start before those that are held.</summary>
internal sealed class CohortLine : IGatingPolicy
{
    private readonly CohortGate _gate;
    private readonly FcfsPolicy[] _cohorts;
    private readonly int[] _at;
    private SchedulableRequest[] _scratch = [];

    public CohortLine(CohortGate gate)
    {
        _gate = gate;
        _cohorts = new FcfsPolicy[gate.CohortCount];
        _at = new int[gate.CohortCount];
        for (int i = 0; i < _cohorts.Length; i++)
        {
            _cohorts[i] = new FcfsPolicy();
        }
    }

    public string Name => _gate.Name;

    public int Count { get; private set; }

    public IStartGate Gate => _gate;

    public ISchedulingPolicy CreateLine() => new CohortLine(_gate);

    public void Add(SchedulableRequest request)
    {
        request.Place.Cohort = _gate.CohortOf(request);
        _cohorts[request.Place.Cohort].Add(request);
        Count++;
    }

    public void Remove(SchedulableRequest request)
    {
        _cohorts[request.Place.Cohort].Remove(request);
        Count--;
    }

    public int Peek(Span<SchedulableRequest> candidates)
    {
        int count = Merge(candidates, held: false);
        return count < candidates.Length ? count + Merge(candidates[count..], held: true) : count;
    }

    /// <summary>The first requests of all cohorts of one kind, by arrival.</summary>
    private int Merge(Span<SchedulableRequest> candidates, bool held)
    {
        int wanted = candidates.Length;
        if (_scratch.Length < wanted * _cohorts.Length)
        {
            _scratch = new SchedulableRequest[wanted * _cohorts.Length];
        }

        for (int j = 0; j < _cohorts.Length; j++)
        {
            _at[j] = 0;
            Span<SchedulableRequest> front = _scratch.AsSpan(j * wanted, wanted);
            int found = _gate.IsHeld(j) == held && _cohorts[j].Count > 0 ? _cohorts[j].Peek(front) : 0;
            front[found..].Clear();
        }

        int count = 0;
        while (count < wanted)
        {
            int first = -1;
            for (int j = 0; j < _cohorts.Length; j++)
            {
                if (Next(j, wanted) is SchedulableRequest next && (first < 0 || next.ArrivalIndex < Next(first, wanted)!.ArrivalIndex))
                {
                    first = j;
                }
            }

            if (first < 0)
            {
                break;
            }

            candidates[count++] = Next(first, wanted)!;
            _at[first]++;
        }

        Array.Clear(_scratch, 0, wanted * _cohorts.Length);
        return count;
    }

    private SchedulableRequest? Next(int cohort, int wanted) => _at[cohort] < wanted ? _scratch[(cohort * wanted) + _at[cohort]] : null;
}
