namespace KvScheduling;

/// <summary>Finds any of several sequences in text that comes character by character, at constant cost per character however many they are.</summary>
/// <remarks>
/// Aho and Corasick, "Efficient string matching: an aid to bibliographic search", CACM 18(6), 1975. A state's depth is the length of the longest suffix of the
/// text so far that begins one of the sequences: exactly the text that must be held back. Immutable.
/// </remarks>
internal sealed class SequenceAutomaton
{
    private readonly List<State> _states = [new State()];

    /// <param name="sequences">At least one; none of them empty.</param>
    public SequenceAutomaton(params IEnumerable<string> sequences)
    {
        foreach (string sequence in sequences)
        {
            Add(sequence);
        }

        LinkSuffixes();
    }

    /// <summary>The length of the longest sequence.</summary>
    public int MaxLength { get; private set; }

    /// <summary>The state after one more character; 0 is the start.</summary>
    public int Next(int state, char next)
    {
        while (true)
        {
            if (_states[state].Children.TryGetValue(next, out int child))
            {
                return child;
            }

            if (state == 0)
            {
                return 0;
            }

            state = _states[state].Suffix;
        }
    }

    /// <summary>How many of the last characters may begin a sequence.</summary>
    public int Depth(int state) => _states[state].Depth;

    /// <summary>The length of the longest sequence that ends here; 0 when none does.</summary>
    public int MatchLength(int state) => _states[state].MatchLength;

    private void Add(string sequence)
    {
        int state = 0;
        foreach (char character in sequence)
        {
            if (!_states[state].Children.TryGetValue(character, out int child))
            {
                child = _states.Count;
                _states.Add(new State { Depth = _states[state].Depth + 1 });
                _states[state].Children.Add(character, child);
            }

            state = child;
        }

        _states[state].MatchLength = sequence.Length;
        MaxLength = Math.Max(MaxLength, sequence.Length);
    }

    /// <summary>Links each state to its longest proper suffix, shallow states first, so that every link used is final.</summary>
    private void LinkSuffixes()
    {
        Queue<int> queue = new([0]);
        while (queue.TryDequeue(out int state))
        {
            foreach ((char character, int child) in _states[state].Children)
            {
                State target = _states[child];
                target.Suffix = state == 0 ? 0 : Next(_states[state].Suffix, character);
                if (target.MatchLength == 0)
                {
                    target.MatchLength = _states[target.Suffix].MatchLength;
                }

                queue.Enqueue(child);
            }
        }
    }

    private sealed class State
    {
        public Dictionary<char, int> Children { get; } = [];

        public int Depth { get; init; }

        public int Suffix { get; set; }

        public int MatchLength { get; set; }
    }
}
