namespace KvScheduling.Simulation;

/// <summary>Prices a step of fractional size: between the steps of whole tokens and rows around it.</summary>
internal static class MeanStep
{
    /// <returns>Seconds.</returns>
    public static double Price(IIterationCostModel model, double prefillTokens, double decodeRows, double kvPerRow)
    {
        double tokens = Math.Floor(prefillTokens);
        double rows = Math.Floor(decodeRows);
        double t = prefillTokens - tokens;
        double r = decodeRows - rows;
        return ((1 - t) * (1 - r) * At(0, 0)) + (t * (1 - r) * At(1, 0)) + ((1 - t) * r * At(0, 1)) + (t * r * At(1, 1));

        double At(int moreTokens, int moreRows)
        {
            var shape = new StepShape();
            int prompt = (int)Math.Min(tokens + moreTokens, int.MaxValue);
            if (prompt > 0)
            {
                shape.AddPrefill(prompt, 0);
            }

            int count = (int)Math.Min(rows + moreRows, 1 << 20);
            double kv = kvPerRow * count;
            long given = 0;
            for (int i = 1; i <= count; i++)
            {
                int cached = (int)Math.Max(1, Math.Round(kv * i / count) - given);
                given += cached;
                shape.AddDecode(cached);
            }

            return model.IterationTime(shape).TotalSeconds;
        }
    }
}
