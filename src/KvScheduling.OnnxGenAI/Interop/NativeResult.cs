using System.Runtime.InteropServices;

namespace KvScheduling.OnnxGenAI;

/// <summary>Results of native calls.</summary>
internal static unsafe class NativeResult
{
    /// <summary>Throws with the native text when a call failed.</summary>
    public static void Check(nint result)
    {
        if (result != 0)
        {
            throw new OnnxGenAIException(TakeError(result));
        }
    }

    /// <summary>Copies the text of a failed result and frees the result.</summary>
    public static string TakeError(nint result)
    {
        try
        {
            return Marshal.PtrToStringUTF8((nint)NativeMethods.OgaResultGetError(result)) ?? "unknown native error";
        }
        finally
        {
            NativeMethods.OgaDestroyResult(result);
        }
    }

    /// <summary>Copies a text the caller owns and frees it.</summary>
    public static string TakeString(byte* text)
    {
        try
        {
            return Marshal.PtrToStringUTF8((nint)text) ?? string.Empty;
        }
        finally
        {
            NativeMethods.OgaDestroyString(text);
        }
    }
}
