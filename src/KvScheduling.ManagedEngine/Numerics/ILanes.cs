namespace KvScheduling.ManagedEngine;

/// <summary>One vector width. Every kernel is written once over it; the JIT specialises the code for each width.</summary>
/// <remarks>Results must not depend on the width: each operation is exact or rounded once, lane by lane, the same in every implementation.</remarks>
internal unsafe interface ILanes<TSelf>
    where TSelf : struct, ILanes<TSelf>
{
    /// <summary>Lanes in a vector: 4, 8 or 16.</summary>
    static abstract int Count { get; }

    static abstract TSelf Zero { get; }

    static abstract TSelf Load(float* source);

    static abstract void Store(TSelf value, float* destination);

    static abstract TSelf Broadcast(float value);

    /// <summary>a · b + c with one rounding, by a hardware instruction.</summary>
    static abstract TSelf MultiplyAdd(TSelf a, TSelf b, TSelf c);

    static abstract TSelf operator +(TSelf left, TSelf right);

    static abstract TSelf operator *(TSelf left, TSelf right);

    static abstract TSelf operator /(TSelf left, TSelf right);

    /// <summary>The greater lane by lane. A NaN in <paramref name="value"/> comes through; the bound must be a number.</summary>
    static abstract TSelf AtLeast(TSelf bound, TSelf value);

    /// <summary>The lesser lane by lane. A NaN in <paramref name="value"/> comes through; the bound must be a number.</summary>
    static abstract TSelf AtMost(TSelf bound, TSelf value);

    /// <summary>To the nearest integer, ties to even.</summary>
    static abstract TSelf Round(TSelf value);

    /// <summary>2 to the power of an integral value from -126 to 127.</summary>
    static abstract TSelf PowerOfTwo(TSelf exponent);

    static abstract TSelf LoadInt8(sbyte* source);

    static abstract TSelf LoadBFloat16(ushort* source);

    /// <summary>Takes <see cref="Count"/> bytes: low nibbles and high nibbles, each minus 8.</summary>
    static abstract void LoadInt4(byte* source, out TSelf low, out TSelf high);
}
