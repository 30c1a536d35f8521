namespace KvScheduling.OnnxGenAI.Tests;

public sealed class ElfImageTests
{
    private readonly string _file = Path.Combine(TestFolders.NewFolder(), "lib.so");

    [Fact]
    public void TryRead_CompleteLibrary_GivesMachineAndDefinedNames()
    {
        File.WriteAllBytes(_file, FakeLibrary.Elf(["First", "Second"], machine: 183, imports: ["Imported"]));
        ElfImage image = ElfImage.TryRead(_file, out string? problem)!;
        Assert.Null(problem);
        Assert.Equal(183, image.Machine);
        Assert.Equal(["First", "Second"], image.Exports!.Order());
    }

    [Fact]
    public void TryRead_CutAnywhere_IsRefusedWithoutThrowing()
    {
        byte[] whole = FakeLibrary.Elf(["First"]);
        for (int length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(_file, whole[..length]);
            Assert.Null(ElfImage.TryRead(_file, out string? problem));
            Assert.Contains(length < 64 ? "not a 64-bit" : "truncated", problem, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void TryRead_RandomBytesBehindAHeader_NeverThrows()
    {
        Random random = new(7);
        byte[] whole = FakeLibrary.Elf(["First", "Second"]);
        for (int round = 0; round < 500; round++)
        {
            byte[] spoilt = [.. whole];
            for (int i = 0; i < 6; i++)
            {
                spoilt[random.Next(6, spoilt.Length)] = (byte)random.Next(256);
            }

            File.WriteAllBytes(_file, spoilt);
            ElfImage? image = ElfImage.TryRead(_file, out string? problem);
            Assert.NotEqual(image is null, problem is null);
        }
    }

    [NativeFact]
    public void TryRead_RealLibraries_ShowWhatTheBindingNeeds()
    {
        NativeLibraryFiles files = NativeLibraryFiles.Locate(TestFolders.Native);
        Assert.Contains("OrtGetApiBase", ElfImage.TryRead(files.OnnxRuntime, out _)!.Exports!);
        Assert.Null(LibraryGeneration.WhyRefused(ElfImage.TryRead(files.GenAI, out _)!.Exports!.Contains));
    }
}
