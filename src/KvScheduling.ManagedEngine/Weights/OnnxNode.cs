namespace KvScheduling.ManagedEngine;

/// <summary>One operator of a graph, as far as it says something about the weights it reads.</summary>
internal sealed class OnnxNode
{
    private readonly Dictionary<string, double> _attributes = new(StringComparer.Ordinal);

    public string Name { get; private set; } = "";

    public string OperatorType { get; private set; } = "";

    public List<string> Inputs { get; } = [];

    /// <summary>Reads a NodeProto: input 1, name 3, op_type 4, attribute 5.</summary>
    public static OnnxNode Read(ProtobufReader fields)
    {
        var node = new OnnxNode();
        while (fields.Next())
        {
            switch (fields.Field)
            {
                case 1:
                    node.Inputs.Add(fields.ReadText());
                    break;
                case 3:
                    node.Name = fields.ReadText();
                    break;
                case 4:
                    node.OperatorType = fields.ReadText();
                    break;
                case 5:
                    node.ReadAttribute(fields.Enter());
                    break;
                default:
                    break;
            }
        }

        return node;
    }

    /// <summary>A number attribute; the default when the node has none of that name.</summary>
    public double Attribute(string name, double defaultValue) => _attributes.GetValueOrDefault(name, defaultValue);

    /// <summary>Reads an AttributeProto: name 1, f 2, i 3. Others say nothing about weights.</summary>
    private void ReadAttribute(ProtobufReader fields)
    {
        string? name = null;
        double? value = null;
        while (fields.Next())
        {
            if (fields.Field == 1)
            {
                name = fields.ReadText();
            }
            else if (!fields.IsMessage && fields.Field == 2)
            {
                value = BitConverter.UInt32BitsToSingle((uint)fields.Number);
            }
            else if (!fields.IsMessage && fields.Field == 3)
            {
                value = (long)fields.Number;
            }
        }

        if (name is not null && value is { } number)
        {
            _attributes[name] = number;
        }
    }
}
