namespace KvScheduling.ManagedEngine;

/// <summary>Reading of whole files of a model folder, with errors that name the file.</summary>
internal static class FolderFiles
{
    public static byte[] ReadAll(string path, long maxBytes)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            if (stream.Length > maxBytes)
            {
                throw new ModelFolderException(path, null, $"the file has {stream.Length} bytes; at most {maxBytes} are read.");
            }

            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return bytes;
        }
        catch (FileNotFoundException exception)
        {
            throw new ModelFolderException(path, null, "the file is missing.", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ModelFolderException(path, null, $"the file can't be read ({exception.Message})", exception);
        }
    }

    /// <summary>A file named inside the folder by one of its files. Leaving the folder is refused: a downloaded model has no business elsewhere.</summary>
    public static string Inside(string folder, string name, string namedBy, string field)
    {
        if (name.Length == 0 || Path.IsPathRooted(name) || name.Split('/', '\\').Contains("..") || name.Contains('\0', StringComparison.Ordinal))
        {
            throw new ModelFolderException(namedBy, field, $"'{name}' does not name a file inside the model folder.");
        }

        return Path.Combine(folder, name);
    }
}
