namespace KvScheduling;

/// <summary>The measured time of the linear operators of Llama-2-7B on an A100, over the number of tokens in a step.</summary>
/// <remarks>
/// Sums over 32 layers of the per-layer times (projections, MLP, norms, rotary embedding, residual additions) in the compute profile that the Vidur project
/// (github.com/microsoft/vidur, MIT licence) publishes for <c>meta-llama/Llama-2-7b-hf</c> on <c>a100</c>, tensor parallelism 1.
/// </remarks>
internal static class Llama2A100Profile
{
    private const int LastTokens = 4096;

    /// <summary>Milliseconds at 1, 2, 4 and 8 tokens, then every 8 up to 1024, every 16 up to 2048 and every 32 up to 4096.</summary>
    private static readonly float[] Measured =
    [
        9.28f, 8.96f, 9.024f, 9.056f, 9.184f, 9.28f, 9.536f, 9.824f, 9.568f, 9.664f, 9.696f, 11.36f, 11.456f, 11.712f, 11.776f, 11.936f, 12.16f, 12.192f,
        12.24f, 17.584f, 17.792f, 17.696f, 17.824f, 16.592f, 16.72f, 15.808f, 15.92f, 17.856f, 17.92f, 17.936f, 18.24f, 18.288f, 18.272f, 17.76f, 17.808f,
        22.416f, 22.512f, 22.592f, 22.608f, 22.544f, 22.768f, 22.688f, 22.72f, 22.736f, 22.752f, 23.2f, 22.944f, 23.408f, 23.616f, 23.072f, 23.568f, 30.016f,
        30.176f, 31.344f, 30.176f, 31.312f, 31.472f, 31.888f, 32.192f, 31.792f, 32.352f, 31.04f, 32.928f, 31.216f, 32.272f, 32.688f, 33.36f, 36.944f, 38.144f,
        37.536f, 36.672f, 37.136f, 36.608f, 37.008f, 37.232f, 39.072f, 40.944f, 41.248f, 40.944f, 40.64f, 40.4f, 40.624f, 41.296f, 44.608f, 46.272f, 46.208f,
        46.128f, 46.208f, 46.64f, 45.888f, 47.104f, 46.304f, 46.384f, 46.88f, 47.824f, 47.344f, 47.728f, 47.2f, 46.032f, 54.912f, 55.456f, 55.824f, 55.264f,
        58.064f, 57.024f, 58.272f, 57.632f, 58.832f, 60.448f, 58.336f, 59.168f, 58.448f, 58.544f, 59.04f, 59.552f, 60.256f, 60.288f, 58.336f, 59.264f,
        60.576f, 62.24f, 60.656f, 61.344f, 67.344f, 68.832f, 67.088f, 68.352f, 67.216f, 69.408f, 68.016f, 67.936f, 71.456f, 70.304f, 72.576f, 72.8f, 70.608f,
        73.168f, 71.984f, 72f, 79.072f, 79.776f, 79.968f, 79.072f, 77.888f, 78.992f, 78.688f, 77.12f, 85.312f, 88.928f, 87.808f, 87.136f, 86.912f, 89.568f,
        88.88f, 87.168f, 94.768f, 97.376f, 96.304f, 95.856f, 96.512f, 97.328f, 97.264f, 98.976f, 102.368f, 102.72f, 103.92f, 106f, 104.128f, 104.592f,
        104.528f, 105.872f, 111.664f, 113.248f, 109.44f, 114.336f, 112.368f, 116.576f, 116.112f, 117.056f, 120.608f, 122.144f, 118.608f, 121.232f, 122.656f,
        124.576f, 123.648f, 126.144f, 126.048f, 127.824f, 127.488f, 129.088f, 129.92f, 131.712f, 134.24f, 133.464f, 143.392f, 145.104f, 145.056f, 144.544f,
        147.472f, 149.28f, 150.4f, 149.776f, 155.264f, 155.36f, 154.816f, 155.696f, 162.064f, 160.352f, 160.416f, 161.216f, 175.008f, 173.392f, 174.448f,
        175.248f, 179.968f, 179.952f, 181.088f, 180.336f, 190.688f, 191.296f, 187.68f, 191.728f, 196.016f, 196.48f, 196.672f, 196.912f, 202.624f, 204.592f,
        201.84f, 206.208f, 211.68f, 210.064f, 211.488f, 212.88f, 219.424f, 221.04f, 220.832f, 223.056f, 228.144f, 229.856f, 228.752f, 230.352f, 236.72f,
        236.608f, 236.624f, 239.792f, 244.24f, 242.112f, 241.04f, 243.616f, 254.88f, 254.784f, 256.24f, 255.056f, 260.496f, 258.256f, 260.096f, 259.92f,
    ];

    /// <summary>The time for that many tokens, prompt and decode together; 0 for none.</summary>
    public static double LinearMilliseconds(long tokens)
    {
        if (tokens <= 0)
        {
            return 0;
        }

        if (tokens <= 8)
        {
            return Small((int)tokens);
        }

        long rounded = (tokens + 7) / 8 * 8;
        if (rounded >= LastTokens)
        {
            return Measured[^1] * ((double)rounded / LastTokens);
        }

        int n = (int)rounded;
        return n switch
        {
            <= 1024 => Measured[3 + ((n - 8) / 8)],
            <= 2048 => Interpolate(130, n - 1024, 16),
            _ => Interpolate(194, n - 2048, 32),
        };
    }

    private static double Small(int tokens) => tokens switch
    {
        1 => Measured[0],
        2 => Measured[1],
        3 => (Measured[1] + Measured[2]) / 2.0,
        _ => Measured[2] + ((Measured[3] - Measured[2]) * (tokens - 4) / 4.0),
    };

    /// <summary>Between entries that lie <paramref name="spacing"/> tokens apart, from <paramref name="first"/> on.</summary>
    private static double Interpolate(int first, int offset, int spacing)
    {
        int index = first + (offset / spacing);
        int rest = offset % spacing;
        double low = Measured[index];
        return rest == 0 ? low : low + ((Measured[index + 1] - low) * rest / spacing);
    }
}
