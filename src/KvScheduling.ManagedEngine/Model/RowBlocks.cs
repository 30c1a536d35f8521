namespace KvScheduling.ManagedEngine;

/// <summary>How a matrix product is cut into units for threads: by panels, and by rows too where there are few panels for many threads.</summary>
/// <param name="Panels">Panels, or pairs of panels, of the matrix.</param>
/// <param name="Rows">Rows of the input.</param>
/// <param name="Blocks">Blocks of rows.</param>
internal readonly record struct RowBlocks(int Panels, int Rows, int Blocks)
{
    /// <summary>Below this a block does not pay for unpacking the panel again.</summary>
    private const int MinBlockRows = 48;

    /// <summary>Units per thread that keep all busy to the end.</summary>
    private const int UnitsPerThread = 6;

    /// <summary>Rows of a tile; blocks are whole tiles.</summary>
    private const int TileRows = 6;

    public int Units => Panels * Blocks;

    private int BlockRows => (((Rows + Blocks - 1) / Blocks) + TileRows - 1) / TileRows * TileRows;

    public static RowBlocks Cut(int panels, int rows, int threads)
    {
        int wanted = ((UnitsPerThread * threads) + panels - 1) / panels;
        return new RowBlocks(panels, rows, Math.Clamp(Math.Min(wanted, rows / MinBlockRows), 1, rows));
    }

    /// <summary>Takes the next run of neighbouring panels in one block of rows from a range of units that is not empty. Rounding may leave a last block without rows.</summary>
    public void Take(ref int unit, int end, out int panel, out int panelCount, out int row, out int rowCount)
    {
        int block = unit / Panels;
        panel = unit % Panels;
        panelCount = Math.Min(Panels - panel, end - unit);
        row = Math.Min(block * BlockRows, Rows);
        rowCount = Math.Min(BlockRows, Rows - row);
        unit += panelCount;
    }
}
