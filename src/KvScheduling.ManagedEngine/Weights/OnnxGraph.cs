namespace KvScheduling.ManagedEngine;

/// <summary>The operators and stored tensors of an ONNX file. Data lies in the file itself or in data files beside it.</summary>
internal sealed class OnnxGraph : IDisposable
{
    private const int Float32 = 1;
    private const int UInt8 = 2;
    private const int Float16 = 10;
    private const int Float64 = 11;
    private const int BFloat16 = 16;

    private readonly string _folder;
    private readonly MappedFile _model;
    private readonly Dictionary<string, MappedFile> _dataFiles = new(StringComparer.Ordinal);
    private readonly Dictionary<string, OnnxTensor> _tensors = new(StringComparer.Ordinal);

    private OnnxGraph(string folder, MappedFile model)
    {
        _folder = folder;
        _model = model;
    }

    public string Path => _model.Path;

    public List<OnnxNode> Nodes { get; } = [];

    public IEnumerable<string> TensorNames => _tensors.Keys;

    public static OnnxGraph Open(string folder, string path)
    {
        MappedFile model = MappedFile.Open(path);
        var graph = new OnnxGraph(folder, model);
        try
        {
            graph.ReadModel();
            return graph;
        }
        catch
        {
            graph.Dispose();
            throw;
        }
    }

    public bool Contains(string name) => _tensors.ContainsKey(name);

    /// <summary>A tensor by name, its range checked against its file; <see langword="null"/> when the graph has none of that name.</summary>
    public StoredTensor? Find(string name)
    {
        if (!_tensors.TryGetValue(name, out OnnxTensor? tensor))
        {
            return null;
        }

        (string typeName, int size, NumberFormat? format) = tensor.Type switch
        {
            Float32 => ("float32", 4, NumberFormat.Float32),
            UInt8 => ("uint8", 1, (NumberFormat?)null),
            Float16 => ("float16", 2, NumberFormat.Float16),
            Float64 => ("float64", 8, (NumberFormat?)null),
            BFloat16 => ("bfloat16", 2, NumberFormat.BFloat16),
            _ => ($"type {tensor.Type}", 0, (NumberFormat?)null),
        };
        if (size == 0)
        {
            throw new ModelFolderException(Path, name, $"{typeName} is not supported for weights; build the model with -p fp32 or -p int4 for CPU (-e cpu).");
        }

        Int128 bytes = size;
        foreach (long dimension in tensor.Dimensions)
        {
            bytes = dimension < 0 || bytes > long.MaxValue ? -1 : bytes * dimension;
        }

        if (bytes < 0 || bytes > long.MaxValue)
        {
            throw new ModelFolderException(Path, name, $"shape [{string.Join(", ", tensor.Dimensions)}] is impossible.");
        }

        MappedFile file = tensor.Location is { } location ? DataFile(location, name) : _model;
        long stored = tensor.Length ?? (long)bytes;
        if (tensor.Offset is not { } offset || stored != bytes)
        {
            string shape = $"[{string.Join(", ", tensor.Dimensions)}]";
            throw new ModelFolderException(Path, name, $"stores {(tensor.Offset is null ? 0 : stored)} bytes; shape {shape} of {typeName} takes {bytes}.");
        }

        if (!file.Holds(offset, stored))
        {
            string range = $"bytes {offset} to {(Int128)offset + stored}";
            throw new ModelFolderException(file.Path, name, $"{range} lie outside the file of {file.Length} bytes; it is truncated or damaged.");
        }

        return new StoredTensor(file, offset, stored, [.. tensor.Dimensions], format, typeName);
    }

    public void Dispose()
    {
        _model.Dispose();
        foreach (MappedFile file in _dataFiles.Values)
        {
            file.Dispose();
        }
    }

    private MappedFile DataFile(string location, string tensor)
    {
        if (!_dataFiles.TryGetValue(location, out MappedFile? file))
        {
            file = MappedFile.Open(FolderFiles.Inside(_folder, location, Path, $"{tensor}: external data location"));
            _dataFiles.Add(location, file);
        }

        return file;
    }

    /// <summary>Reads a ModelProto: graph 7; in it a GraphProto: node 1, initializer 5.</summary>
    private void ReadModel()
    {
        bool hasGraph = false;
        var model = new ProtobufReader(_model, 0, _model.Length);
        while (model.Next())
        {
            if (model.Field != 7 || !model.IsMessage)
            {
                continue;
            }

            hasGraph = true;
            ProtobufReader graph = model.Enter();
            while (graph.Next())
            {
                if (graph.Field == 1)
                {
                    Nodes.Add(OnnxNode.Read(graph.Enter()));
                }
                else if (graph.Field == 5)
                {
                    OnnxTensor tensor = OnnxTensor.Read(graph.Enter(), Path);
                    _tensors[tensor.Name] = tensor;
                }
            }
        }

        if (!hasGraph)
        {
            throw new ModelFolderException(Path, "graph", "missing; the file is not an ONNX model.");
        }
    }
}
