using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Running;

namespace KvScheduling.Benchmarks;

internal static class Program
{
    private const string Help = """
        Measures what scheduling costs.

        dotnet run -c Release --project bench/KvScheduling.Benchmarks -- --filter '*'
        dotnet run -c Release --project bench/KvScheduling.Benchmarks -- --filter '*Admission*'
        dotnet run -c Release --project bench/KvScheduling.Benchmarks -- --admission
        dotnet run -c Release --project bench/KvScheduling.Benchmarks -- --smoke

        --admission  prints what one admission costs at 1e3 to 1e6 waiting, mean and 99.9th percentile
        --smoke      runs every benchmark once, to see that it works; its figures mean nothing
        --list flat, --filter, --exporters and more: see BenchmarkDotNet
        """;

    public static int Main(string[] args)
    {
        if (args.Contains("--help") || args.Contains("-h"))
        {
            Console.WriteLine(Help);
            return 0;
        }

        if (args.Contains("--admission"))
        {
            AdmissionReport.Print(Console.Out);
            return 0;
        }

        bool smoke = args.Contains("--smoke");
        string[] rest = [.. args.Where(static arg => arg != "--smoke")];
        if (rest.Length == 0)
        {
            rest = ["--filter", "*"];
        }

        IConfig config = smoke ? BenchmarkConfig.Smoke() : BenchmarkConfig.Default();
        IEnumerable<BenchmarkDotNet.Reports.Summary> summaries = BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(rest, config);
        return summaries.Any(static summary => summary.HasCriticalValidationErrors || summary.Reports.Any(static report => !report.Success)) ? 1 : 0;
    }
}
