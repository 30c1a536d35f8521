namespace KvScheduling.ManagedEngine;

/// <summary>
/// A model folder can't be loaded: a file is missing or damaged, or the model needs something that is not supported. The message names the file, the field
/// and the way out.
/// </summary>
public sealed class ModelFolderException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="file">The file or folder at fault, as a path.</param>
    /// <param name="field">The field, tensor or construct at fault inside the file; <see langword="null"/> when it is the file itself.</param>
    /// <param name="problem">What is wrong with it, and the way out.</param>
    /// <param name="innerException">The cause.</param>
    public ModelFolderException(string file, string? field, string problem, Exception? innerException = null)
        : base(field is null ? $"{file}: {problem}" : $"{file}: {field}: {problem}", innerException)
    {
        File = file;
        Field = field;
    }

    /// <summary>The file or folder at fault, as a path.</summary>
    public string File { get; }

    /// <summary>The field, tensor or construct at fault inside <see cref="File"/>; <see langword="null"/> when it is the file itself.</summary>
    public string? Field { get; }
}
