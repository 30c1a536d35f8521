namespace KvScheduling.ManagedEngine;

/// <summary>Where a tensor lies. Its range has been checked against its file.</summary>
/// <param name="File">The file.</param>
/// <param name="Offset">The first byte.</param>
/// <param name="Bytes">The length in bytes.</param>
/// <param name="Shape">The dimensions, outermost first.</param>
/// <param name="Format">How its numbers are stored; <see langword="null"/> when that is nothing the engine reads as numbers.</param>
/// <param name="TypeName">The type as the file names it.</param>
internal sealed record StoredTensor(MappedFile File, long Offset, long Bytes, long[] Shape, NumberFormat? Format, string TypeName)
{
    public string ShapeText => $"[{string.Join(", ", Shape)}]";

    public bool HasShape(params ReadOnlySpan<long> shape) => Shape.AsSpan().SequenceEqual(shape);
}
