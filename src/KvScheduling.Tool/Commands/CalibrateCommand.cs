using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary><c>kvsched calibrate</c>: fits the linear cost model to recorded steps of an engine.</summary>
internal sealed class CalibrateCommand : ToolCommand
{
    private readonly Option<string> _log = new("--log")
    {
        Description = "A scheduler's decision log, or a CSV file with the columns prefill_tokens, decode_rows, kv_tokens (held by the decoding rows before the step) and milliseconds, a row per step.",
        HelpName = "FILE",
        Required = true,
    };

    private readonly Option<string?> _out = new("--out") { Description = "Writes the model to a file that --cost-model reads.", HelpName = "model.json" };
    private readonly Option<string> _format = Options.Format();

    protected override Command Describe() => new(
        "calibrate",
        """
        Fits d0 + d1·prefill tokens + d2·decoding rows + d3·KV tokens, in milliseconds, to recorded steps: least squares, no coefficient below zero. A coefficient is zero where the
        steps do not show that cost, or where it can't be told apart from another: record steps of different sizes, with and without prompts.

        Examples:
          kvsched calibrate --log decisions.jsonl
          kvsched calibrate --log steps.csv --out model.json && kvsched simulate --trace trace.csv --cost-model model.json --kv-tokens 131072
        """)
    {
        _log, _out, _format,
    };

    protected override void Run(ParseResult result, ToolConsole console, CancellationToken cancellationToken)
    {
        CostModelFit fit = CostModelFit.To(RecordedSteps.Read(result.GetRequiredValue(_log)).Select(step =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            return step;
        }));
        if (result.GetValue(_out) is string path)
        {
            Save(path, fit);
        }

        OutputFormat format = Options.FormatOf(result.GetRequiredValue(_format));
        if (format == OutputFormat.Json)
        {
            JsonOutput.Write(console, json => WriteJson(json, fit));
            return;
        }

        var table = new ResultTable("figure", "value", "meaning");
        table.Add("d0", fit.Coefficients[0], "ms per step");
        table.Add("d1", fit.Coefficients[1], "ms per prefill token");
        table.Add("d2", fit.Coefficients[2], "ms per decoding row");
        table.Add("d3", fit.Coefficients[3], "ms per KV token of the decoding rows");
        table.Add("steps", fit.Steps, "rows of the log");
        table.Add("R²", fit.RSquared, "share of the variance explained");
        table.Add("mean error", fit.MeanRelativeError, "of the measured time");
        table.Add("max error", fit.MaxRelativeError, "of the measured time");
        table.Add("rms error", fit.RootMeanSquareError, "ms");
        console.Write(table, format);
        if (format != OutputFormat.Csv)
        {
            console.Output.Write($"--cost-model {Text(fit)}\n");
        }
    }

    private static string Text(CostModelFit fit) => "linear:" + string.Join(',', fit.Coefficients.Select(static each => each.ToString("R", CultureInfo.InvariantCulture)));

    private static void WriteJson(Utf8JsonWriter json, CostModelFit fit)
    {
        for (int i = 0; i < fit.Coefficients.Count; i++)
        {
            json.WriteNumber($"d{i}", fit.Coefficients[i]);
        }

        json.WriteNumber("steps", fit.Steps);
        json.WriteNumberOrNull("r_squared", fit.RSquared);
        json.WriteNumber("mean_relative_error", fit.MeanRelativeError);
        json.WriteNumber("max_relative_error", fit.MaxRelativeError);
        json.WriteNumber("rms_error_milliseconds", fit.RootMeanSquareError);
        json.WriteString("cost_model", Text(fit));
    }

    private static void Save(string path, CostModelFit fit)
    {
        try
        {
            File.WriteAllBytes(path, JsonOutput.Bytes(json => WriteJson(json, fit)));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new WrongInput($"--out: {path} can't be written: {error.Message}", error);
        }
    }
}
