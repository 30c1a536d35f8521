namespace KvScheduling.ManagedEngine;

/// <summary>Some neighbouring columns of a matrix that is stored [inputs, outputs], kept for the thread that reads them one after another.</summary>
/// <remarks>A column alone touches one cache line for each number; sixteen of them together touch the same lines.</remarks>
internal sealed class TransposedTile
{
    private const int Width = 16;

    [ThreadStatic]
    private static TransposedTile? t_last;

    private readonly WeakReference<OnnxWeight> _owner = new(null!);
    private float[] _numbers = [];
    private int _tile = -1;

    public static void Read(OnnxWeight weight, int column, Span<float> destination)
    {
        TransposedTile tile = t_last ??= new TransposedTile();
        int index = column / Width;
        if (tile._tile != index || !tile._owner.TryGetTarget(out OnnxWeight? owner) || !ReferenceEquals(owner.Data, weight.Data))
        {
            tile.Fill(weight, index);
        }

        tile._numbers.AsSpan((column - (index * Width)) * weight.Columns, weight.Columns).CopyTo(destination);
    }

    private unsafe void Fill(OnnxWeight weight, int index)
    {
        int rows = weight.Columns;
        int columns = Math.Min(Width, weight.PackedRows - (index * Width));
        if (_numbers.Length < rows * Width)
        {
            _numbers = new float[rows * Width];
        }

        _tile = -1;
        byte* source = weight.Data.File.Pointer(weight.Data.Offset, weight.Data.Bytes);
        FloatRows.WidenColumns(weight.Data.Format!.Value, source, rows, weight.PackedRows, index * Width, columns, _numbers);
        _owner.SetTarget(weight);
        _tile = index;
    }
}
