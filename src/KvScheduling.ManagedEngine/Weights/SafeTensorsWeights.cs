using System.Text.Json;

namespace KvScheduling.ManagedEngine;

/// <summary>The weights of a Hugging Face folder: one safetensors file, or several with an index.</summary>
internal sealed class SafeTensorsWeights : IWeightSource
{
    private const string SingleFile = "model.safetensors";
    private const string IndexFile = "model.safetensors.index.json";
    private const string Head = "lm_head.weight";

    private readonly List<SafeTensorsFile> _files;
    private readonly Dictionary<string, StoredTensor> _tensors = new(StringComparer.Ordinal);

    private SafeTensorsWeights(ModelConfig config, List<SafeTensorsFile> files)
    {
        Config = config;
        _files = files;
    }

    public ModelConfig Config { get; }

    public static SafeTensorsWeights Open(string folder, HuggingFaceConfig configuration)
    {
        var files = new List<SafeTensorsFile>();
        try
        {
            Dictionary<string, string>? index = OpenFiles(folder, files);
            var weights = new SafeTensorsWeights(configuration.Config, files);
            weights.Take(configuration, index);
            return weights;
        }
        catch
        {
            files.ForEach(file => file.Dispose());
            throw;
        }
    }

    /// <summary>Whether a folder holds safetensors at all.</summary>
    public static bool IsIn(string folder) =>
        File.Exists(Path.Combine(folder, IndexFile)) || Directory.EnumerateFiles(folder, "*.safetensors").Any();

    public bool Contains(string name) => _tensors.ContainsKey(name);

    public bool IsInt4(string name) => false;

    public void ReadRow(string name, int row, Span<float> destination)
    {
        StoredTensor tensor = _tensors[name];
        NumberFormat format = tensor.Format!.Value;
        int bytes = destination.Length * FloatRows.Size(format);
        if (row < 0 || destination.Length != tensor.Shape[^1] || ((long)row + 1) * bytes > tensor.Bytes)
        {
            throw new ArgumentOutOfRangeException(nameof(row), $"Row {row} of {destination.Length} numbers is not in {name} {tensor.ShapeText}.");
        }

        FloatRows.Widen(format, tensor.File.Span(tensor.Offset + ((long)row * bytes), bytes), destination);
    }

    public void ReadInt4Row(string name, int row, Span<byte> packed, Span<float> scales) =>
        throw new NotSupportedException($"{name} is not stored as 4-bit blocks.");

    public void Dispose() => _files.ForEach(file => file.Dispose());

    private static Dictionary<string, string>? OpenFiles(string folder, List<SafeTensorsFile> files)
    {
        string indexPath = Path.Combine(folder, IndexFile);
        if (File.Exists(indexPath))
        {
            Dictionary<string, string> index = ReadIndex(indexPath);
            foreach (string name in index.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
            {
                files.Add(SafeTensorsFile.Open(FolderFiles.Inside(folder, name, indexPath, "weight_map")));
            }

            return index;
        }

        string[] found = Directory.GetFiles(folder, "*.safetensors");
        if (found.Length > 1 && !File.Exists(Path.Combine(folder, SingleFile)))
        {
            throw new ModelFolderException(indexPath, null,
                $"the file is missing, and the folder has {found.Length} .safetensors files; it says which tensor is in which.");
        }

        files.Add(SafeTensorsFile.Open(found.Length == 1 ? found[0] : Path.Combine(folder, SingleFile)));
        return null;
    }

    private static Dictionary<string, string> ReadIndex(string path)
    {
        using JsonFile json = JsonFile.Read(path);
        var index = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (JsonProperty entry in json.Object(json.Root, "weight_map", "weight_map").EnumerateObject())
        {
            string name = json.NameOf(entry);
            index[name] = json.AsText(entry.Value, $"weight_map.{name}");
        }

        return index.Count > 0 ? index : throw json.Error("weight_map", "lists no tensors.");
    }

    private void Take(HuggingFaceConfig configuration, Dictionary<string, string>? index)
    {
        var stored = new Dictionary<string, StoredTensor>(StringComparer.Ordinal);
        foreach (SafeTensorsFile file in _files)
        {
            foreach ((string name, StoredTensor tensor) in file.Tensors)
            {
                if (!stored.TryAdd(name, tensor))
                {
                    throw new ModelFolderException(file.File.Path, name, $"also in {Path.GetFileName(stored[name].File.Path)}.");
                }
            }
        }

        string where = index is null ? _files[0].File.Path : Path.Combine(Path.GetDirectoryName(_files[0].File.Path)!, IndexFile);
        foreach (TensorExpectation expected in TensorExpectation.For(Config, configuration.Traits, configuration.TiesHead))
        {
            if (stored.Remove(expected.Name, out StoredTensor? tensor))
            {
                Check(tensor, expected);
                _tensors.Add(expected.Name, tensor);
            }
            else if (expected.IsRequired)
            {
                string file = index is not null && index.TryGetValue(expected.Name, out string? shard)
                    ? Path.Combine(Path.GetDirectoryName(where)!, shard)
                    : where;
                throw new ModelFolderException(file, expected.Name, $"the tensor is missing; {Config.Architecture} needs it.");
            }
        }

        if (configuration.TiesHead == true)
        {
            _tensors.Remove(Head);
        }

        // A tensor without a place in the computation means that the model is not the one that the configuration says.
        string? unknown = stored.Keys.Where(name => !name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal)).Min(StringComparer.Ordinal);
        if (unknown is not null)
        {
            throw new ModelFolderException(
                stored[unknown].File.Path,
                unknown,
                $"{Config.Architecture} has no use for this tensor here, so the model would give wrong results. Use an engine that knows it.");
        }
    }

    private static void Check(StoredTensor tensor, TensorExpectation expected)
    {
        if (tensor.Format is null)
        {
            throw new ModelFolderException(tensor.File.Path, expected.Name,
                $"dtype {tensor.TypeName} is not supported; F32, F16 and BF16 are. Save the model in one of these.");
        }

        if (!(expected.IsVector ? tensor.HasShape(expected.Columns) : tensor.HasShape(expected.Rows, expected.Columns)))
        {
            string wanted = expected.IsVector ? $"[{expected.Columns}]" : $"[{expected.Rows}, {expected.Columns}]";
            throw new ModelFolderException(tensor.File.Path, expected.Name, $"has shape {tensor.ShapeText}; config.json asks for {wanted}.");
        }
    }
}
