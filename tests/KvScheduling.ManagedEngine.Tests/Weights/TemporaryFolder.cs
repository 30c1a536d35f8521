namespace KvScheduling.ManagedEngine.Tests.Weights;

/// <summary>A folder that is gone after the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public TemporaryFolder() => Path = Directory.CreateTempSubdirectory("kvsched-").FullName;

    public string Path { get; }

    public static TemporaryFolder CopyOf(string folder)
    {
        var copy = new TemporaryFolder();
        foreach (string file in Directory.GetFiles(folder))
        {
            System.IO.File.Copy(file, copy.File(System.IO.Path.GetFileName(file)));
            System.IO.File.SetAttributes(copy.File(System.IO.Path.GetFileName(file)), FileAttributes.Normal);
        }

        return copy;
    }

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Write(string name, string text) => System.IO.File.WriteAllText(File(name), text);

    public void Write(string name, byte[] bytes) => System.IO.File.WriteAllBytes(File(name), bytes);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
