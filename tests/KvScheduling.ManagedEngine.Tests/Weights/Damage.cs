namespace KvScheduling.ManagedEngine.Tests;

internal static class Damage
{
    /// <summary>Bytes changed, cut out, doubled or cut off at random places.</summary>
    public static byte[] Randomly(byte[] original, Random random, int within = int.MaxValue)
    {
        List<byte> bytes = [.. original];
        int end = Math.Min(within, bytes.Count);
        for (int changes = random.Next(1, 4); changes > 0 && bytes.Count > 8; changes--)
        {
            int at = random.Next(Math.Min(end, bytes.Count));
            int length = Math.Min(random.Next(1, 12), bytes.Count - at);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes[at] = (byte)"{}[]\",:0123456789-e.\\nulltrue"[random.Next(29)];
                    break;
                case 2:
                    bytes.RemoveRange(at, length);
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(at, length));
                    break;
                default:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
            }
        }

        return [.. bytes];
    }
}
