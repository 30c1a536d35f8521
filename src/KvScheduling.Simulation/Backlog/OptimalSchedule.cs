using System.Numerics;

namespace KvScheduling.Simulation;

/// <summary>The schedule of least total latency, by best-first search over what is left of every request.</summary>
/// <remarks>
/// <para>A round costs as many rounds of latency as requests are not complete. Between rounds a request is waiting (its whole output is left), running (less is
/// left) or done (nothing is left): that is
/// the state. In each state every set of waiting requests that fits beside what runs may start, the empty set included: an optimal schedule may let the head
/// wait although it fits.</para>
/// <para>Searched in the order of cost so far + a lower bound of the rest: of the requests by length and of the volumes by size, the j-th completion comes no
/// earlier than the j-th least length and the
/// first j volumes divided by the budget. Identical requests are interchangeable, so that only one order of them is looked at.</para>
/// </remarks>
internal sealed class OptimalSchedule
{
    public const int MaxStates = 3_000_000;

    private const int CancellationInterval = 4096;
    private const int KeyBits = 128;

    private readonly long _kvTokens;
    private readonly int[] _inputOrder;
    private readonly int[] _prompts;
    private readonly int[] _outputs;
    private readonly int[] _shifts;
    private readonly int[] _left;
    private readonly int[] _next;
    private readonly int[] _lengths;
    private readonly long[] _volumes;
    private readonly KvProfile _profile;
    private readonly Dictionary<UInt128, Visit> _visits = [];
    private readonly PriorityQueue<UInt128, (long Bound, long Depth)> _open = new();
    private UInt128 _from;
    private long _fromCost;
    private int _roundCost;

    private OptimalSchedule(IReadOnlyList<WorkloadRequest> requests, long kvTokens)
    {
        _kvTokens = kvTokens;
        int count = requests.Count;
        _inputOrder = [.. Enumerable.Range(0, count).OrderBy(i => requests[i].OutputTokens).ThenBy(i => requests[i].PromptTokens)];
        _prompts = [.. _inputOrder.Select(i => requests[i].PromptTokens)];
        _outputs = [.. _inputOrder.Select(i => requests[i].OutputTokens)];
        _shifts = new int[count];
        int bits = 0;
        for (int i = 0; i < count; i++)
        {
            _shifts[i] = bits;
            bits += BitOperations.Log2((uint)_outputs[i]) + 1;
        }

        Bits = bits;
        _left = new int[count];
        _next = new int[count];
        _lengths = new int[count];
        _volumes = new long[count];
        _profile = new KvProfile(kvTokens, new BlockRounding(1));
    }

    private int Bits { get; }

    /// <summary>The best schedule, or null when it takes more than this many states.</summary>
    public static BacklogSchedule? Find(IReadOnlyList<WorkloadRequest> requests, long kvTokens, int maxStates, CancellationToken cancellationToken)
    {
        var search = new OptimalSchedule(requests, kvTokens);
        return search.Bits <= KeyBits && search.TryRun(maxStates, cancellationToken)
            ? new BacklogSchedule(Backlog.Optimal, requests, search.Starts())
            : null;
    }

    private bool TryRun(int maxStates, CancellationToken cancellationToken)
    {
        Open(Pack(_outputs), parent: 0, cost: 0, _outputs);
        for (long expanded = 0; _open.TryDequeue(out UInt128 key, out (long Bound, long Depth) order); expanded++)
        {
            if (key == 0)
            {
                return true;
            }

            Visit visit = _visits[key];
            if (order.Bound > visit.Cost + visit.Rest)
            {
                // Reached at less cost since it was queued.
                continue;
            }

            if (_visits.Count > maxStates)
            {
                return false;
            }

            if (expanded % CancellationInterval == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            Expand(key, visit.Cost);
        }

        return _outputs.Length == 0;
    }

    private void Expand(UInt128 key, long cost)
    {
        Unpack(key, _left);
        _from = key;
        _fromCost = cost;
        _roundCost = 0;
        _profile.Clear();
        for (int i = 0; i < _left.Length; i++)
        {
            _roundCost += _left[i] > 0 ? 1 : 0;
            bool runs = _left[i] > 0 && _left[i] < _outputs[i];
            _next[i] = runs ? _left[i] - 1 : _left[i];
            if (runs)
            {
                _profile.Insert(i, _prompts[i] + _outputs[i] - _left[i], _left[i], sharing: false);
            }
        }

        Choose(0);
    }

    /// <summary>Decides for the requests from one on whether they start; of identical ones the first goes first.</summary>
    private void Choose(int from)
    {
        int i = from;
        while (i < _left.Length && _left[i] != _outputs[i])
        {
            i++;
        }

        if (i == _left.Length)
        {
            Open(Pack(_next), _from, _fromCost + _roundCost, _next);
            return;
        }

        if (_profile.Fits(_prompts[i], _outputs[i], _profile.Clock))
        {
            _profile.Insert(i, _prompts[i], _outputs[i], sharing: false);
            _next[i] = _outputs[i] - 1;
            Choose(i + 1);
            _next[i] = _outputs[i];
            _profile.RemoveAt(_profile.IndexOf(i));
        }

        int other = i + 1;
        while (other < _left.Length && _prompts[other] == _prompts[i] && _outputs[other] == _outputs[i])
        {
            other++;
        }

        Choose(other);
    }

    private void Open(UInt128 key, UInt128 parent, long cost, int[] left)
    {
        if (_visits.TryGetValue(key, out Visit known) && known.Cost <= cost)
        {
            return;
        }

        long rest = known.Cost > 0 ? known.Rest : Rest(left);
        _visits[key] = new Visit(cost, rest, parent);
        _open.Enqueue(key, (cost + rest, -cost));
    }

    /// <summary>A lower bound of the latency that is still to come.</summary>
    private long Rest(int[] left)
    {
        int count = 0;
        for (int i = 0; i < left.Length; i++)
        {
            if (left[i] > 0)
            {
                _lengths[count] = left[i];
                _volumes[count++] = RequestSize.Volume(_prompts[i] + _outputs[i] - left[i], left[i]);
            }
        }

        Array.Sort(_lengths, 0, count);
        Array.Sort(_volumes, 0, count);
        long sum = 0;
        long volume = 0;
        for (int i = 0; i < count; i++)
        {
            volume += _volumes[i];
            sum += Math.Max(_lengths[i], (volume + _kvTokens - 1) / _kvTokens);
        }

        return sum;
    }

    private int[] Starts()
    {
        int[] starts = new int[_left.Length];
        List<UInt128> path = [0];
        for (UInt128 key = 0; _visits.TryGetValue(key, out Visit visit) && visit.Cost > 0; key = visit.Parent)
        {
            path.Add(visit.Parent);
        }

        path.Reverse();
        for (int round = 0; round + 1 < path.Count; round++)
        {
            Unpack(path[round], _left);
            Unpack(path[round + 1], _next);
            for (int i = 0; i < starts.Length; i++)
            {
                if (_left[i] == _outputs[i] && _next[i] < _left[i])
                {
                    starts[_inputOrder[i]] = round;
                }
            }
        }

        return starts;
    }

    private UInt128 Pack(int[] left)
    {
        UInt128 key = 0;
        for (int i = 0; i < left.Length; i++)
        {
            key |= (UInt128)(uint)left[i] << _shifts[i];
        }

        return key;
    }

    private void Unpack(UInt128 key, int[] left)
    {
        for (int i = 0; i < left.Length; i++)
        {
            int bits = BitOperations.Log2((uint)_outputs[i]) + 1;
            left[i] = (int)((key >> _shifts[i]) & ((UInt128.One << bits) - 1));
        }
    }

    /// <summary>The least cost at which a state was reached, a lower bound of the rest, and the state before it.</summary>
    private readonly record struct Visit(long Cost, long Rest, UInt128 Parent);
}
