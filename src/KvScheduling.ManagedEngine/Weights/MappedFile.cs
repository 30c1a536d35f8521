using System.IO.MemoryMappedFiles;

namespace KvScheduling.ManagedEngine;

/// <summary>A file mapped into memory for reading. Every range is checked against the file's length before a pointer into it is made.</summary>
internal sealed unsafe class MappedFile : IDisposable
{
    private readonly MemoryMappedFile? _file;
    private readonly MemoryMappedViewAccessor? _view;
    private readonly byte* _start;
    private bool _isDisposed;

    private MappedFile(string path, long length, MemoryMappedFile? file)
    {
        Path = path;
        Length = length;
        _file = file;
        if (file is not null)
        {
            _view = file.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
            byte* pointer = null;
            _view.SafeMemoryMappedViewHandle.AcquirePointer(ref pointer);
            _start = pointer + _view.PointerOffset;
        }
    }

    public string Path { get; }

    public long Length { get; }

    public static MappedFile Open(string path)
    {
        try
        {
            // The open file's length, not the directory entry's: model caches are full of links.
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            long length = stream.Length;
            MemoryMappedFile? file = length == 0
                ? null
                : MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            return new MappedFile(path, length, file);
        }
        catch (FileNotFoundException exception)
        {
            throw new ModelFolderException(path, null, "the file is missing.", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new ModelFolderException(path, null, $"the file can't be mapped into memory ({exception.Message})", exception);
        }
    }

    /// <summary>Checks that a range lies inside the file.</summary>
    public bool Holds(long offset, long length) => offset >= 0 && length >= 0 && offset <= Length && length <= Length - offset;

    /// <summary>A pointer to a range that lies inside the file.</summary>
    public byte* Pointer(long offset, long length)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (!Holds(offset, length))
        {
            throw new ModelFolderException(Path, null,
                $"bytes {offset} to {offset + length} lie outside the file of {Length} bytes; it is truncated or damaged.");
        }

        return _start + offset;
    }

    public ReadOnlySpan<byte> Span(long offset, int length) => new(Pointer(offset, length), length);

    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        if (_view is not null)
        {
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
        }

        _file?.Dispose();
    }
}
