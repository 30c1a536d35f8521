namespace KvScheduling.ManagedEngine;

/// <summary>Cosines and sines of the rotary embedding for every position, <c>[position][head size / 2]</c>.</summary>
internal sealed unsafe class RotaryTable
{
    private readonly float* _cosines;
    private readonly float* _sines;
    private readonly int _half;

    /// <summary>Copies the model's own tables, or computes them.</summary>
    /// <remarks>Angles are float32 products of position and inverse frequency, as the reference implementations have them; only their cosine and sine go through double.</remarks>
    public RotaryTable(NativeArena arena, ModelConfig config, int positions)
    {
        _half = config.HeadSize / 2;
        int count = checked(positions * _half);
        _cosines = arena.Floats(count, "rotary tables");
        _sines = arena.Floats(count, "rotary tables");
        if (config.RotaryCosines is { } cosines && config.RotarySines is { } sines)
        {
            cosines.AsSpan(0, count).CopyTo(new Span<float>(_cosines, count));
            sines.AsSpan(0, count).CopyTo(new Span<float>(_sines, count));
            return;
        }

        for (int i = 0; i < _half; i++)
        {
            float frequency = (float)(1.0 / Math.Pow(config.RopeTheta, 2.0 * i / config.HeadSize));
            for (int position = 0; position < positions; position++)
            {
                (double sin, double cos) = Math.SinCos(position * frequency);
                _cosines[((nint)position * _half) + i] = (float)cos;
                _sines[((nint)position * _half) + i] = (float)sin;
            }
        }
    }

    public float* Cosines(int position) => _cosines + ((nint)position * _half);

    public float* Sines(int position) => _sines + ((nint)position * _half);
}
