namespace KvScheduling.ManagedEngine.Tests;

/// <summary>Matrices made up in a test, as float32 or as 4-bit blocks.</summary>
internal sealed class FakeWeights : IWeightSource
{
    private readonly Dictionary<string, float[][]> _rows = [];
    private readonly Dictionary<string, (byte[][] Packed, float[][] Scales)> _int4 = [];

    public ModelConfig Config { get; init; } = null!;

    public void Add(string name, float[][] rows) => _rows[name] = rows;

    public void AddInt4(string name, byte[][] packed, float[][] scales) => _int4[name] = (packed, scales);

    public void Remove(string name) => _rows.Remove(name);

    public bool Contains(string name) => _rows.ContainsKey(name) || _int4.ContainsKey(name);

    public bool IsInt4(string name) => _int4.ContainsKey(name);

    public void ReadRow(string name, int row, Span<float> destination)
    {
        if (_rows.TryGetValue(name, out float[][]? rows))
        {
            Assert.Equal(rows[row].Length, destination.Length);
            rows[row].CopyTo(destination);
            return;
        }

        (byte[][] packed, float[][] scales) = _int4[name];
        for (int k = 0; k < destination.Length; k++)
        {
            destination[k] = (((packed[row][k / 2] >> (4 * (k % 2))) & 15) - 8) * scales[row][k / 32];
        }
    }

    public void ReadInt4Row(string name, int row, Span<byte> packed, Span<float> scales)
    {
        Assert.Equal(_int4[name].Packed[row].Length, packed.Length);
        _int4[name].Packed[row].CopyTo(packed);
        _int4[name].Scales[row].CopyTo(scales);
    }

    public void Dispose()
    {
    }

    public static float[][] RandomRows(int rows, int columns, int seed, float size = 1)
    {
        Random random = new(seed);
        return Enumerable.Range(0, rows).Select(_ => Enumerable.Range(0, columns).Select(_ => ((random.NextSingle() * 2) - 1) * size).ToArray()).ToArray();
    }
}
