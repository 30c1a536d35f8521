using System.Runtime.CompilerServices;

namespace KvScheduling.ManagedEngine;

/// <summary>y = x · wᵀ for any number of rows, panel by panel, so that threads can share the panels of one product.</summary>
internal static unsafe class MatrixProduct<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    /// <summary>From this many rows on a panel is unpacked to float32 once; below, unpacking in the kernel is faster.</summary>
    public const int UnpackRows = 32;

    /// <summary>Floats of scratch memory that a product needs.</summary>
    public static long ScratchFloats(int inputs) => (long)inputs * 2 * TLanes.Count;

    /// <summary>Computes some panels' outputs.</summary>
    /// <param name="matrix">The weights, packed for this width.</param>
    /// <param name="firstPanel">The first panel.</param>
    /// <param name="panelCount">How many.</param>
    /// <param name="input">Rows of <see cref="PackedMatrix.Inputs"/> floats.</param>
    /// <param name="inputStride">Floats between rows.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="output">Row 0 of the whole result; rows have room for <see cref="PackedMatrix.PaddedOutputs"/>.</param>
    /// <param name="outputStride">Floats between rows.</param>
    /// <param name="accumulate">Whether the product is added to what the output holds.</param>
    /// <param name="scratch">The thread's scratch memory.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Compute(
        PackedMatrix matrix, int firstPanel, int panelCount, float* input, nint inputStride, int rows, float* output, nint outputStride, bool accumulate, float* scratch)
    {
        TileCall call = new()
        {
            Input = input,
            InputStride = inputStride,
            Depth = matrix.Inputs,
            Group = matrix.IsScaled ? PackedMatrix.GroupSize : matrix.Inputs,
            Output = output,
            OutputStride = outputStride,
            OutputSecond = TLanes.Count,
            Accumulate = accumulate,
        };
        switch (matrix.Format)
        {
            case StoredFormat.Float32:
                Compute<Float32Layout<TLanes>>(matrix, firstPanel, panelCount, rows, call, scratch);
                break;
            case StoredFormat.BFloat16:
                Compute<BFloat16Layout<TLanes>>(matrix, firstPanel, panelCount, rows, call, scratch);
                break;
            case StoredFormat.Int8:
                Compute<Int8Layout<TLanes>>(matrix, firstPanel, panelCount, rows, call, scratch);
                break;
            default:
                Compute<Int4Layout<TLanes>>(matrix, firstPanel, panelCount, rows, call, scratch);
                break;
        }

        if (matrix.Bias != null)
        {
            AddBias(matrix, firstPanel, panelCount, rows, output, outputStride);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Compute<TLayout>(PackedMatrix matrix, int firstPanel, int panelCount, int rows, in TileCall template, float* scratch)
        where TLayout : struct, IPanelLayout<TLanes>
    {
        for (int panel = firstPanel, end = firstPanel + panelCount; panel < end; panel++)
        {
            TileCall call = template;
            call.Panel = matrix.PanelData(panel);
            call.Scales = matrix.PanelScales(panel);
            call.Output += (nint)panel * matrix.PanelWidth;
            if (rows == 1 && panel + 1 < end)
            {
                call.PrefetchDistance = PrefetchDistance(2 * matrix.PanelBytes);
                TileKernels<TLanes, TLayout>.Row1Panels2(call, matrix.PanelBytes, matrix.PanelScaleCount);
                panel++;
            }
            else if (rows < UnpackRows || matrix.Format == StoredFormat.Float32)
            {
                call.PrefetchDistance = PrefetchDistance(matrix.PanelBytes);
                TileKernels<TLanes, TLayout>.Run(ref call, rows);
            }
            else
            {
                call.PrefetchDistance = PrefetchDistance(matrix.PanelBytes);
                TileKernels<TLanes, TLayout>.Unpack(call, scratch);
                call.Panel = (byte*)scratch;
                call.Step = 2 * TLanes.Count * sizeof(float);
                call.Second = TLanes.Count * sizeof(float);
                call.Group = call.Depth;
                TileKernels<TLanes, StridedLayout<TLanes>>.Run(ref call, rows);
            }
        }
    }

    /// <summary>The same place of the next panels, unless that is so far that it would fall out of the cache again.</summary>
    private static nint PrefetchDistance(nint toNextPanels) => toNextPanels <= 200_000 ? toNextPanels : 4096;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddBias(PackedMatrix matrix, int firstPanel, int panelCount, int rows, float* output, nint outputStride)
    {
        nint offset = (nint)firstPanel * matrix.PanelWidth;
        for (int row = 0; row < rows; row++)
        {
            RowFunctions<TLanes>.Add(matrix.Bias + offset, output + (row * outputStride) + offset, panelCount * matrix.PanelWidth);
        }
    }
}
