using System.Numerics;

namespace KvScheduling.Simulation;

/// <summary>A distribution of times: count, sum and maximum exact, quantiles exact for up to 65,536 times and within 0.1 % beyond.</summary>
/// <remarks>Beyond the limit times are counted in logarithmic buckets of 1/1024 of their size, so that memory stays the same however many there are.</remarks>
public sealed class TimeDistribution
{
    private const int ExactLimit = 65_536;
    private const int BucketBits = 10;

    private long[] _ticks = new long[64];
    private long[]? _buckets;
    private bool _isSorted = true;
    private Int128 _sum;
    private long _max;

    /// <summary>How many times there are.</summary>
    public long Count { get; private set; }

    /// <summary>Their mean; zero when there are none.</summary>
    public TimeSpan Mean => Count == 0 ? TimeSpan.Zero : new TimeSpan((long)((_sum + (Count / 2)) / Count));

    /// <summary>Their sum in seconds.</summary>
    public double TotalSeconds => (double)_sum / TimeSpan.TicksPerSecond;

    /// <summary>The longest; zero when there are none.</summary>
    public TimeSpan Max => new(_max);

    /// <summary>Adds a time.</summary>
    /// <param name="time">Zero or more.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="time"/> is negative.</exception>
    public void Add(TimeSpan time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        long ticks = time.Ticks;
        _sum += ticks;
        _max = Math.Max(_max, ticks);
        if (_buckets is null && Count == ExactLimit)
        {
            MoveToBuckets();
        }

        if (_buckets is not null)
        {
            _buckets[Bucket(ticks)]++;
        }
        else
        {
            if (Count == _ticks.Length)
            {
                Array.Resize(ref _ticks, _ticks.Length * 2);
            }

            _ticks[Count] = ticks;
            _isSorted = false;
        }

        Count++;
    }

    /// <summary>A quantile by nearest rank: the least time that at least this share of all times does not exceed. Zero when there are none.</summary>
    /// <param name="share">From 0 to 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="share"/> is not from 0 to 1.</exception>
    public TimeSpan Quantile(double share)
    {
        if (!(share is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(share), share, "A quantile's share must be from 0 to 1.");
        }

        if (Count == 0)
        {
            return TimeSpan.Zero;
        }

        long rank = Math.Clamp((long)Math.Ceiling(share * Count), 1, Count);
        if (_buckets is not null)
        {
            return new TimeSpan(Math.Min(FromBuckets(rank), _max));
        }

        if (!_isSorted)
        {
            Array.Sort(_ticks, 0, (int)Count);
            _isSorted = true;
        }

        return new TimeSpan(_ticks[rank - 1]);
    }

    private long FromBuckets(long rank)
    {
        for (int i = 0; ; i++)
        {
            rank -= _buckets![i];
            if (rank <= 0)
            {
                return Middle(i);
            }
        }
    }

    private void MoveToBuckets()
    {
        _buckets = new long[(64 - BucketBits) << BucketBits];
        for (int i = 0; i < Count; i++)
        {
            _buckets[Bucket(_ticks[i])]++;
        }

        _ticks = [];
    }

    /// <summary>Below 2^(bits + 1) a bucket per tick; above, 2^bits buckets for every power of two.</summary>
    private static int Bucket(long ticks)
    {
        int shift = Math.Max(0, BitOperations.Log2((ulong)ticks | 1) - BucketBits);
        return (shift << BucketBits) + (int)(ticks >> shift);
    }

    private static long Middle(int bucket)
    {
        int shift = Math.Max(0, (bucket >> BucketBits) - 1);
        long first = (long)(bucket - (shift << BucketBits)) << shift;
        return first + ((1L << shift) >> 1);
    }
}
