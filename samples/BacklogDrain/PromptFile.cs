using System.Globalization;
using CsvHelper;

namespace KvScheduling.Samples.BacklogDrain;

/// <summary>A prompt of the input file.</summary>
/// <param name="Text">What the user says.</param>
/// <param name="ExpectedTokens">The output length its author expects, if any.</param>
internal sealed record BacklogPrompt(string Text, int? ExpectedTokens);

/// <summary>Reads the input file.</summary>
internal static class PromptFile
{
    private static readonly CsvReaderOptions Options = CsvReaderOptions.Default with
    {
        // A prompt full of semicolons must not decide what separates the columns.
        Separator = ',',
        MalformedData = CsvMalformedDataHandling.Throw,
        FieldCountMismatch = CsvFieldCountHandling.Throw,
        TrackLineNumbers = true,
    };

    /// <exception cref="WrongInput">The file can't be read, or lacks something; the message names it.</exception>
    public static IReadOnlyList<BacklogPrompt> Read(string path, string column, string expectedColumn)
    {
        try
        {
            using CsvReader csv = CsvReader.FromFile(path, Options);
            return Read(csv, path, column, expectedColumn);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new WrongInput($"The input file can't be read: {exception.Message}", exception);
        }
        catch (CsvFormatException exception)
        {
            throw new WrongInput($"{path} is no CSV file with one record per prompt: {exception.Message}", exception);
        }
    }

    private static List<BacklogPrompt> Read(CsvReader csv, string path, string column, string expectedColumn)
    {
        csv.ReadHeader();
        if (csv.Headers.Count == 0)
        {
            throw new WrongInput($"{path} is empty. Its first line must name the columns, one of them '{column}'.");
        }

        if (!csv.TryGetFieldIndex(column, out int promptField))
        {
            throw new WrongInput($"{path} has no column '{column}'. It has: {string.Join(", ", csv.Headers)}. --column names the one with the prompts.");
        }

        bool hasExpected = csv.TryGetFieldIndex(expectedColumn, out int expectedField);
        List<BacklogPrompt> prompts = [];
        while (csv.Read())
        {
            string text = csv.GetString(promptField);
            if (string.IsNullOrWhiteSpace(text))
            {
                throw new WrongInput($"{path} has an empty prompt in line {csv.LineNumber}.");
            }

            prompts.Add(new BacklogPrompt(text, hasExpected ? Expected(csv.GetString(expectedField), path, expectedColumn, csv.LineNumber) : null));
        }

        return prompts.Count > 0 ? prompts : throw new WrongInput($"{path} has a header but no prompts.");
    }

    private static int? Expected(string field, string path, string column, long line)
    {
        if (string.IsNullOrWhiteSpace(field))
        {
            return null;
        }

        return int.TryParse(field, NumberStyles.Integer, CultureInfo.InvariantCulture, out int tokens) && tokens >= 1
            ? tokens
            : throw new WrongInput($"{path} has '{field}' in column '{column}' of line {line}; it must be a number of tokens from 1 up, or empty.");
    }
}
