namespace KvScheduling.Simulation;

/// <summary>Reads the types of the fluid model: CSV with the columns <c>arrival_rate,prompt_tokens,output_tokens</c>, a row per type.</summary>
public static class FluidTypesFile
{
    /// <summary>Reads a file. <c>arrival_rate</c> is requests per second; a request of the type has one prefill of <c>prompt_tokens</c> and <c>output_tokens</c> decodes.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The types, in the order of the rows.</returns>
    /// <exception cref="WorkloadException">The file can't be read, a column or a row is wrong, or nothing arrives; the message names it.</exception>
    public static IReadOnlyList<FluidType> Read(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        using var rows = new CsvRows(path);
        int rate = rows.Column("arrival_rate");
        int prompt = rows.Column("prompt_tokens");
        int output = rows.Column("output_tokens");
        var types = new List<FluidType>();
        while (rows.Next())
        {
            types.Add(FluidType.Of(
                rows.Number(rate, 1e12, "requests per second, zero or more"),
                rows.Whole(prompt, 1, "a whole number of tokens, at least 1"),
                rows.Whole(output, 0, "a whole number of tokens, zero or more")));
        }

        return types.Exists(static type => type.ArrivalRate > 0)
            ? types
            : throw new WorkloadException($"{path} has no type with an arrival_rate above 0. Add a row per type of request.");
    }
}
