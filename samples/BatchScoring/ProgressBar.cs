using System.Diagnostics;
using System.Globalization;

namespace KvScheduling.Samples.BatchScoring;

/// <summary>How far the job is: one line that is overwritten, or, where the output is not a terminal, a line for each tenth.</summary>
internal sealed class ProgressBar(TextWriter output, int total, bool isTerminal)
{
    private const int Width = 30;

    private readonly long _start = Stopwatch.GetTimestamp();
    private int _done;
    private int _shownTenths = -1;

    public void Advance(int rows = 1)
    {
        _done += rows;
        int tenths = total == 0 ? 10 : (int)(10L * _done / total);
        if (isTerminal)
        {
            output.Write($"\r{Line()}  ");
        }
        else if (tenths != _shownTenths)
        {
            output.WriteLine(Line());
        }

        _shownTenths = tenths;
    }

    public void End()
    {
        if (isTerminal)
        {
            output.WriteLine();
        }
    }

    private string Line()
    {
        int filled = total == 0 ? Width : (int)((long)Width * _done / total);
        double seconds = Stopwatch.GetElapsedTime(_start).TotalSeconds;
        return string.Create(
            CultureInfo.InvariantCulture, $"[{new string('#', filled)}{new string('-', Width - filled)}] {_done}/{total} rows, {seconds:F1} s");
    }
}
