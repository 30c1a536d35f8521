using System.Globalization;
using CsvHelper;

namespace KvScheduling.Samples.BacklogDrain;

/// <summary>Writes completions as they come, so that an interrupted run leaves what it has done.</summary>
internal sealed class CompletionFile : IDisposable
{
    private readonly CsvWriter _csv;

    private CompletionFile(string path)
    {
        _csv = CsvWriter.ToFile(path, CsvWriterOptions.Default with { NewLine = "\n" });
        WriteRow("index", "prompt", "completion", "finish_reason", "output_tokens", "error");
    }

    /// <summary>Creates the file, over one that is there.</summary>
    /// <exception cref="WrongInput">It can't be written.</exception>
    public static CompletionFile Create(string path)
    {
        try
        {
            return new CompletionFile(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new WrongInput($"The output file can't be written: {exception.Message}", exception);
        }
    }

    public void Write(int index, string prompt, string completion, GenerationResult result) =>
        WriteRow(Number(index), prompt, completion, Name(result.FinishReason), Number(result.OutputTokens.Length), "");

    public void WriteError(int index, string prompt, Exception error) =>
        WriteRow(Number(index), prompt, "", "", Number(0), error.Message);

    public void Dispose() => _csv.Dispose();

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Name(GenerationFinishReason reason) => reason == GenerationFinishReason.Length ? "length" : "stop";

    private void WriteRow(params ReadOnlySpan<string> fields)
    {
        _csv.WriteRecord(fields);
        _csv.Flush();
    }
}
