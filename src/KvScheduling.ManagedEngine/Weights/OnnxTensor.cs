using System.Globalization;

namespace KvScheduling.ManagedEngine;

/// <summary>A stored tensor as the graph describes it; nothing is checked against the data yet.</summary>
internal sealed class OnnxTensor
{
    private OnnxTensor()
    {
    }

    public string Name { get; private set; } = "";

    /// <summary>TensorProto.DataType.</summary>
    public int Type { get; private set; }

    public List<long> Dimensions { get; } = [];

    /// <summary>The data file; <see langword="null"/> when the data lies in the model file.</summary>
    public string? Location { get; private set; }

    /// <summary>The first byte; <see langword="null"/> when the data is stored in another way, which only small constants are.</summary>
    public long? Offset { get; private set; }

    /// <summary>The length in bytes; <see langword="null"/> when only the shape gives it.</summary>
    public long? Length { get; private set; }

    /// <summary>Reads a TensorProto: dims 1, data_type 2, name 8, raw_data 9, external_data 13.</summary>
    public static OnnxTensor Read(ProtobufReader fields, string path)
    {
        var tensor = new OnnxTensor();
        while (fields.Next())
        {
            switch (fields.Field)
            {
                case 1:
                    fields.AddNumbers(tensor.Dimensions);
                    break;
                case 2:
                    tensor.Type = (int)Math.Min(fields.Number, int.MaxValue);
                    break;
                case 8:
                    tensor.Name = fields.ReadText();
                    break;
                case 9 when fields.IsMessage:
                    tensor.Offset = fields.Start;
                    tensor.Length = fields.Length;
                    break;
                case 13:
                    tensor.ReadExternalEntry(fields.Enter(), path);
                    break;
                default:
                    break;
            }
        }

        if (tensor.Location is not null)
        {
            tensor.Offset ??= 0;
        }

        return tensor;
    }

    /// <summary>Reads a StringStringEntryProto: key 1, value 2.</summary>
    private void ReadExternalEntry(ProtobufReader fields, string path)
    {
        string key = "";
        string value = "";
        while (fields.Next())
        {
            if (fields.Field == 1)
            {
                key = fields.ReadText();
            }
            else if (fields.Field == 2)
            {
                value = fields.ReadText();
            }
        }

        switch (key)
        {
            case "location":
                Location = value;
                break;
            case "offset":
                Offset = Number(key, value, path);
                break;
            case "length":
                Length = Number(key, value, path);
                break;
            default:
                break;
        }
    }

    private long Number(string key, string value, string path) =>
        long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? number
            : throw new ModelFolderException(path, $"{Name}: external data {key}", $"'{value}' is not a number.");
}
