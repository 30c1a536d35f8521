using System.Text.Json;

namespace KvScheduling.ManagedEngine;

/// <summary>A JSON object read from a file of the model folder; every problem with it names the file and the field.</summary>
internal sealed class JsonFile : IDisposable
{
    private const long MaxBytes = 256L << 20;

    private readonly JsonDocument _document;

    private JsonFile(string path, JsonDocument document)
    {
        Path = path;
        _document = document;
    }

    public string Path { get; }

    public JsonElement Root => _document.RootElement;

    public static JsonFile Read(string path)
    {
        byte[] bytes = FolderFiles.ReadAll(path, MaxBytes);
        return Parse(path, bytes);
    }

    public static JsonFile? ReadIfPresent(string path) => File.Exists(path) ? Read(path) : null;

    public static JsonFile Parse(string path, ReadOnlyMemory<byte> bytes)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(bytes);
        }
        catch (JsonException exception)
        {
            throw new ModelFolderException(path, null, $"not valid JSON ({exception.Message})", exception);
        }

        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            document.Dispose();
            throw new ModelFolderException(path, null, "must hold a JSON object.");
        }

        return new JsonFile(path, document);
    }

    public ModelFolderException Error(string field, string problem, Exception? cause = null) => new(Path, field, problem, cause);

    /// <summary>A property, or <see langword="null"/> when it is absent or JSON null.</summary>
    public static JsonElement? Find(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public JsonElement Object(JsonElement parent, string name, string field)
    {
        JsonElement value = Find(parent, name) ?? throw Error(field, "missing.");
        return value.ValueKind == JsonValueKind.Object ? value : throw Error(field, "must be an object.");
    }

    public string Text(JsonElement parent, string name, string field)
    {
        JsonElement value = Find(parent, name) ?? throw Error(field, "missing.");
        return AsText(value, field);
    }

    /// <summary>A property's name; JSON with broken surrogates in it parses, but can't be turned into text.</summary>
    public string NameOf(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException exception)
        {
            throw new ModelFolderException(Path, null, "a property name is not valid text.", exception);
        }
    }

    public string AsText(JsonElement value, string field)
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            throw Error(field, "must be a string.");
        }

        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException exception)
        {
            throw Error(field, "is not valid text.", exception);
        }
    }

    /// <summary>A number of at least 1 that is a whole number.</summary>
    public int Positive(JsonElement parent, string name, string field) =>
        FindPositive(parent, name, field) ?? throw Error(field, "missing.");

    public int? FindPositive(JsonElement parent, string name, string field)
    {
        if (Find(parent, name) is not { } value)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) && number > 0
            ? number
            : throw Error(field, "must be a whole number from 1 to 2147483647.");
    }

    public double? FindNumber(JsonElement parent, string name, string field)
    {
        if (Find(parent, name) is not { } value)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && double.IsFinite(number)
            ? number
            : throw Error(field, "must be a finite number.");
    }

    public bool? FindFlag(JsonElement parent, string name, string field) => Find(parent, name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        _ => throw Error(field, "must be true or false."),
    };

    /// <summary>Token ids given as one number or a list; <see langword="null"/> when absent.</summary>
    public IReadOnlyList<int>? FindTokens(JsonElement parent, string name, string field, int vocabularySize)
    {
        if (Find(parent, name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Number)
        {
            return [Token(value)];
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            throw Error(field, "must be a token id or a list of token ids.");
        }

        var tokens = new List<int>(value.GetArrayLength());
        foreach (JsonElement item in value.EnumerateArray())
        {
            tokens.Add(Token(item));
        }

        return tokens;

        int Token(JsonElement item) =>
            item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out int token) && token >= 0 && token < vocabularySize
                ? token
                : throw Error(field, $"{item.GetRawText()} is not a token id from 0 to {vocabularySize - 1}.");
    }

    public void Dispose() => _document.Dispose();
}
