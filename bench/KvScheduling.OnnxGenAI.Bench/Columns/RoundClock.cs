using System.Diagnostics;

namespace KvScheduling.OnnxGenAI.Bench;

/// <summary>Takes down when each request of a round had its first token and its end, and what it generated.</summary>
internal sealed class RoundClock
{
    private readonly List<int>[] _outputs;
    private readonly double[] _firsts;
    private readonly double[] _ends;
    private readonly long _start;

    public RoundClock(int requests)
    {
        _outputs = [.. Enumerable.Range(0, requests).Select(static _ => new List<int>())];
        _firsts = new double[requests];
        _ends = new double[requests];
        PeakMemory.Reset();
        _start = Stopwatch.GetTimestamp();
    }

    public void Take(int request, int token)
    {
        List<int> output = _outputs[request];
        if (output.Count == 0)
        {
            _firsts[request] = Elapsed;
        }

        output.Add(token);
    }

    public void End(int request) => _ends[request] = Elapsed;

    public Round Finish()
    {
        long fingerprint = 17;
        foreach (int token in _outputs.SelectMany(static output => output.Append(-1)))
        {
            fingerprint = (fingerprint * 31) + token;
        }

        return new Round(_ends.Max(), _outputs.Sum(static output => output.Count), _ends, _firsts, fingerprint, PeakMemory.Read());
    }

    private double Elapsed => Stopwatch.GetElapsedTime(_start).TotalSeconds;
}
