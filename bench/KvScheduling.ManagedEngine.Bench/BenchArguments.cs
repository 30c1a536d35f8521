using System.Globalization;

namespace KvScheduling.ManagedEngine.Bench;

/// <summary>What the command line asks for.</summary>
internal sealed record BenchArguments
{
    public string ModelFolder { get; private set; } = DefaultModel();

    public IReadOnlyList<WeightFormat> Formats { get; private set; } = [WeightFormat.Float32, WeightFormat.BFloat16, WeightFormat.Int8, WeightFormat.Int4];

    public int Threads { get; private set; } = Math.Min(Environment.ProcessorCount, 16);

    public int VectorBits { get; private set; } = 512;

    /// <summary>How long each figure is measured.</summary>
    public double Seconds { get; private set; } = 2;

    /// <summary>Whether the scheduler is measured against the engine's bare loop, instead of the engine against the machine.</summary>
    public bool SchedulerCost { get; private set; }

    public static BenchArguments? Parse(string[] args, TextWriter error)
    {
        BenchArguments result = new();
        for (int i = 0; i < args.Length; i += 2)
        {
            string? value = i + 1 < args.Length ? args[i + 1] : null;
            if (value is null || !result.TrySet(args[i], value))
            {
                error.WriteLine($"Not understood: {args[i]} {value}");
                error.WriteLine("Options: --model FOLDER, --weights Float32,BFloat16,Int8,Int4,Auto, --threads N, --bits 128|256|512, --seconds S, --cost scheduler");
                return null;
            }
        }

        return result;
    }

    private bool TrySet(string name, string value)
    {
        switch (name)
        {
            case "--model":
                ModelFolder = value;
                return Directory.Exists(value);
            case "--weights":
                List<WeightFormat> formats = [];
                foreach (string part in value.Split(','))
                {
                    if (!Enum.TryParse(part, ignoreCase: true, out WeightFormat format))
                    {
                        return false;
                    }

                    formats.Add(format);
                }

                Formats = formats;
                return true;
            case "--threads":
                Threads = int.TryParse(value, CultureInfo.InvariantCulture, out int threads) ? threads : 0;
                return Threads is >= 1 and <= 256;
            case "--bits":
                VectorBits = int.TryParse(value, CultureInfo.InvariantCulture, out int bits) ? bits : 0;
                return VectorBits is 128 or 256 or 512;
            case "--seconds":
                Seconds = double.TryParse(value, CultureInfo.InvariantCulture, out double seconds) ? seconds : 0;
                return Seconds is > 0 and < 1000;
            case "--cost":
                SchedulerCost = value == "scheduler";
                return SchedulerCost;
            default:
                return false;
        }
    }

    private static string DefaultModel()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "KvScheduling.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return Path.Combine(folder ?? ".", "models", "tiny-chat");
    }
}
