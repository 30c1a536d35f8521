namespace KvScheduling.ManagedEngine;

/// <summary>
/// The printable characters that stand for bytes in byte-level vocabularies (Radford et al., GPT-2, 2019): printable Latin-1 stands for itself, the other 68
/// bytes for U+0100 on, in order.
/// </summary>
internal static class ByteAlphabet
{
    private const int FirstStandIn = 0x100;
    private const int Size = 0x100 + 68;

    private static readonly char[] Characters = BuildCharacters();
    private static readonly short[] Bytes = BuildBytes();

    public static char CharacterOf(byte value) => Characters[value];

    public static bool TryGetByte(char character, out byte value)
    {
        int found = character < Bytes.Length ? Bytes[character] : -1;
        value = (byte)Math.Max(found, 0);
        return found >= 0;
    }

    /// <summary>The bytes that a vocabulary entry stands for; <see langword="null"/> when it isn't written in this alphabet.</summary>
    public static byte[]? TryDecode(string token)
    {
        var bytes = new byte[token.Length];
        for (int i = 0; i < token.Length; i++)
        {
            if (!TryGetByte(token[i], out bytes[i]))
            {
                return null;
            }
        }

        return bytes;
    }

    private static char[] BuildCharacters()
    {
        var characters = new char[256];
        char next = (char)FirstStandIn;
        for (int value = 0; value < 256; value++)
        {
            bool isPrintable = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or >= 0xAE;
            characters[value] = isPrintable ? (char)value : next++;
        }

        return characters;
    }

    private static short[] BuildBytes()
    {
        var bytes = new short[Size];
        Array.Fill(bytes, (short)-1);
        for (int value = 0; value < 256; value++)
        {
            bytes[Characters[value]] = (short)value;
        }

        return bytes;
    }
}
