using System.Text.Json;

namespace KvScheduling.AspNetCore;

/// <summary>A value of a request body together with its path, so that every complaint names the field.</summary>
internal readonly struct JsonField
{
    private readonly JsonElement _value;

    public JsonField(JsonElement value, string path)
    {
        _value = value;
        Path = path;
    }

    public string Path { get; }

    public bool IsEmptyObject => _value.ValueKind == JsonValueKind.Object && _value.GetPropertyCount() == 0;

    public JsonValueKind Kind => _value.ValueKind;

    /// <summary>The value, cut loose from the request's document.</summary>
    public JsonElement Clone() => _value.Clone();

    /// <summary>Looks a member up; null counts as absent, as OpenAI's clients send it for "not set".</summary>
    public bool TryGet(string name, out JsonField field)
    {
        if (_value.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null)
        {
            field = new JsonField(value, Path.Length == 0 ? name : $"{Path}.{name}");
            return true;
        }

        field = default;
        return false;
    }

    public JsonField Require(string name)
    {
        if (TryGet(name, out JsonField field))
        {
            return field;
        }

        string path = Path.Length == 0 ? name : $"{Path}.{name}";
        throw new InvalidRequestException(path, $"Missing required parameter: '{path}'.", "missing_required_parameter");
    }

    public JsonField AsObject() => Kind == JsonValueKind.Object ? this : throw WrongType("an object");

    public IEnumerable<JsonField> AsArray()
    {
        if (Kind != JsonValueKind.Array)
        {
            throw WrongType("an array");
        }

        return Elements(_value, Path);

        static IEnumerable<JsonField> Elements(JsonElement array, string path)
        {
            int index = 0;
            foreach (JsonElement element in array.EnumerateArray())
            {
                yield return new JsonField(element, $"{path}[{index++}]");
            }
        }
    }

    public string AsString() => Kind == JsonValueKind.String ? ReadString() : throw WrongType("a string");

    public bool AsBoolean() => Kind is JsonValueKind.True or JsonValueKind.False ? _value.GetBoolean() : throw WrongType("a boolean");

    public int AsInt32(int min, int max = int.MaxValue)
    {
        if (Kind != JsonValueKind.Number || !_value.TryGetInt64(out long value))
        {
            throw WrongType("an integer");
        }

        return value >= min && value <= max
            ? (int)value
            : throw Error(
                max == int.MaxValue && value < min ? $"must be at least {min}, but is {value}." : $"must be from {min} to {max}, but is {value}.",
                "integer_out_of_range");
    }

    public long AsInt64() => Kind == JsonValueKind.Number && _value.TryGetInt64(out long value) ? value : throw WrongType("an integer");

    public double AsNumber(double min, double max, bool exclusiveMin = false)
    {
        if (Kind != JsonValueKind.Number || !_value.TryGetDouble(out double value))
        {
            throw WrongType("a number");
        }

        return value <= max && (exclusiveMin ? value > min : value >= min)
            ? value
            : throw Error(
                exclusiveMin ? $"must be above {min} and at most {max}, but is {value}." : $"must be from {min} to {max}, but is {value}.",
                "number_out_of_range");
    }

    public InvalidRequestException WrongType(string expected) =>
        new(Path, $"Invalid type for '{Path}': expected {expected}, but got {Describe(Kind)}.", "invalid_type");

    /// <summary>A complaint about the value; <paramref name="complaint"/> goes on after the field's name.</summary>
    public InvalidRequestException Error(string complaint, string code = "invalid_value") => new(Path, $"'{Path}' {complaint}", code);

    private string ReadString()
    {
        try
        {
            return _value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Error("holds half of a surrogate pair or broken UTF-8.");
        }
    }

    private static string Describe(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "a boolean",
    };
}
