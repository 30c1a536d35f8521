using System.Runtime.InteropServices;

namespace KvScheduling.ManagedEngine;

/// <summary>How a tensor's numbers are stored.</summary>
internal enum NumberFormat
{
    Float32,
    Float16,
    BFloat16,
}

/// <summary>Widening of stored numbers to float32. Every conversion is exact.</summary>
internal static class FloatRows
{
    public static int Size(NumberFormat format) => format == NumberFormat.Float32 ? sizeof(float) : sizeof(ushort);

    public static void Widen(NumberFormat format, ReadOnlySpan<byte> source, Span<float> destination)
    {
        switch (format)
        {
            case NumberFormat.Float32:
                source.CopyTo(MemoryMarshal.AsBytes(destination));
                break;
            case NumberFormat.Float16:
                ReadOnlySpan<Half> halves = MemoryMarshal.Cast<byte, Half>(source);
                for (int i = 0; i < destination.Length; i++)
                {
                    destination[i] = (float)halves[i];
                }

                break;
            default:
                ReadOnlySpan<ushort> truncated = MemoryMarshal.Cast<byte, ushort>(source);
                for (int i = 0; i < destination.Length; i++)
                {
                    destination[i] = BitConverter.UInt32BitsToSingle((uint)truncated[i] << 16);
                }

                break;
        }
    }

    /// <summary>
    /// Transposes some columns of a matrix of <paramref name="rows"/> x <paramref name="rowLength"/> numbers: column c becomes a row of the destination.
    /// </summary>
    public static unsafe void WidenColumns(NumberFormat format, byte* source, int rows, int rowLength, int firstColumn, int columns, Span<float> destination)
    {
        for (int row = 0; row < rows; row++)
        {
            byte* start = source + (((long)row * rowLength + firstColumn) * Size(format));
            for (int column = 0; column < columns; column++)
            {
                destination[(column * rows) + row] = format switch
                {
                    NumberFormat.Float32 => ((float*)start)[column],
                    NumberFormat.Float16 => (float)((Half*)start)[column],
                    _ => BitConverter.UInt32BitsToSingle((uint)((ushort*)start)[column] << 16),
                };
            }
        }
    }
}
