using System.Runtime.CompilerServices;

namespace KvScheduling.ManagedEngine;

/// <summary>How one k-row of a weight panel, two vectors of outputs, is stored.</summary>
internal unsafe interface IPanelLayout<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    /// <summary>Whether stored numbers are multiplied by a scale per output and group.</summary>
    static abstract bool IsScaled { get; }

    /// <summary>Bytes from one k-row to the next; 0 when the caller says.</summary>
    static abstract int StepBytes { get; }

    /// <summary>Reads the two vectors of a k-row, not yet scaled. <paramref name="second"/> is the distance of the second vector in bytes where the caller says.</summary>
    static abstract void Load(byte* row, nint second, out TLanes a, out TLanes b);
}

/// <summary>float32 that lies anywhere: the KV cache, an unpacked panel.</summary>
internal readonly unsafe struct StridedLayout<TLanes> : IPanelLayout<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    public static bool IsScaled => false;

    public static int StepBytes => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load(byte* row, nint second, out TLanes a, out TLanes b)
    {
        a = TLanes.Load((float*)row);
        b = TLanes.Load((float*)(row + second));
    }
}

/// <summary>float32 weights.</summary>
internal readonly unsafe struct Float32Layout<TLanes> : IPanelLayout<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    public static bool IsScaled => false;

    public static int StepBytes => TLanes.Count * 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load(byte* row, nint second, out TLanes a, out TLanes b)
    {
        a = TLanes.Load((float*)row);
        b = TLanes.Load((float*)row + TLanes.Count);
    }
}

/// <summary>bfloat16 weights: the upper half of a float32.</summary>
internal readonly unsafe struct BFloat16Layout<TLanes> : IPanelLayout<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    public static bool IsScaled => false;

    public static int StepBytes => TLanes.Count * 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load(byte* row, nint second, out TLanes a, out TLanes b)
    {
        a = TLanes.LoadBFloat16((ushort*)row);
        b = TLanes.LoadBFloat16((ushort*)row + TLanes.Count);
    }
}

/// <summary>8-bit weights with scales.</summary>
internal readonly unsafe struct Int8Layout<TLanes> : IPanelLayout<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    public static bool IsScaled => true;

    public static int StepBytes => TLanes.Count * 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load(byte* row, nint second, out TLanes a, out TLanes b)
    {
        a = TLanes.LoadInt8((sbyte*)row);
        b = TLanes.LoadInt8((sbyte*)row + TLanes.Count);
    }
}

/// <summary>4-bit weights with scales: low nibbles are the first vector, high nibbles the second.</summary>
internal readonly unsafe struct Int4Layout<TLanes> : IPanelLayout<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    public static bool IsScaled => true;

    public static int StepBytes => TLanes.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load(byte* row, nint second, out TLanes a, out TLanes b) => TLanes.LoadInt4(row, out a, out b);
}
