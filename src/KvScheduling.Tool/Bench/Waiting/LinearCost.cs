using KvScheduling.Simulation;

namespace KvScheduling.Tool;

/// <summary>The cost of iterations in the fluid model that is nearest to a cost model, over the steps that an engine's caps allow.</summary>
internal static class LinearCost
{
    private const int Chunks = 8;
    private static readonly int[] KvPerRow = [32, 128, 512, 1024, 2048];

    /// <exception cref="WrongInput">An iteration that computes nothing would cost nothing.</exception>
    public static FluidCost Of(SimulationSettings caps)
    {
        IReadOnlyList<double> d = CostModelFit.To(Steps(caps.CostModel, Math.Min(caps.PrefillChunkTokens, caps.MaxStepTokens), caps.MaxRunningRequests)).Coefficients;
        if (d[0] <= 0)
        {
            throw new WrongInput("--cost-model: iterations must cost something before they compute anything, or no batch is worth forming. Give a d0 above 0.");
        }

        // The model's KV is what rows hold before the step, the fluid's includes the token that they compute.
        return new FluidCost(d[0] / 1000, d[1] / 1000, Math.Max(d[2] - d[3], 0) / 1000, d[3] / 1000);
    }

    private static IEnumerable<StepTime> Steps(IIterationCostModel model, int mostPrefillTokens, int mostRows)
    {
        for (int chunk = 0; chunk <= Chunks; chunk++)
        {
            int prefill = (int)((long)mostPrefillTokens * chunk / Chunks);
            for (int rows = 0; rows <= mostRows; rows = rows == 0 ? 1 : rows * 2)
            {
                foreach (int kv in rows == 0 ? KvPerRow[..Math.Min(prefill, 1)] : KvPerRow)
                {
                    yield return Step(model, prefill, rows, kv);
                }
            }
        }
    }

    private static StepTime Step(IIterationCostModel model, int prefill, int rows, int kvPerRow)
    {
        var shape = new StepShape();
        if (prefill > 0)
        {
            shape.AddPrefill(prefill, 0);
        }

        for (int i = 0; i < rows; i++)
        {
            shape.AddDecode(kvPerRow);
        }

        return new StepTime(prefill, rows, (long)rows * kvPerRow, model.IterationTime(shape).TotalMilliseconds);
    }
}
