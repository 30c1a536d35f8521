using System.Runtime.InteropServices;
using System.Text;

namespace KvScheduling.OnnxGenAI;

/// <summary>What the NVIDIA driver says about a GPU, asked through the driver's own API so that no CUDA library of ours is needed to find out.</summary>
/// <param name="DriverVersion">1000 · major + 10 · minor of the newest CUDA the driver runs.</param>
/// <param name="DeviceName">The GPU.</param>
/// <param name="MemoryBytes">Its memory.</param>
internal sealed record CudaDevice(int DriverVersion, string DeviceName, long MemoryBytes);

internal static unsafe class CudaDriver
{
    private const int NameLength = 128;

    private static string LibraryName => OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1";

    /// <summary>Asks the driver for a device.</summary>
    /// <exception cref="OnnxGenAIException">There is no driver, it does not work, or there is no such device.</exception>
    public static CudaDevice Query(int deviceId)
    {
        if (!NativeLibrary.TryLoad(LibraryName, out nint driver))
        {
            throw new OnnxGenAIException(
                $"Provider is Cuda, but the NVIDIA driver library {LibraryName} could not be loaded. Install the NVIDIA driver, give the container access to the GPU, or set Provider to Cpu with a model built for the CPU.");
        }

        Call(((delegate* unmanaged[Cdecl]<uint, int>)Export(driver, "cuInit"))(0), "cuInit");
        int version;
        Call(((delegate* unmanaged[Cdecl]<int*, int>)Export(driver, "cuDriverGetVersion"))(&version), "cuDriverGetVersion");
        int count;
        Call(((delegate* unmanaged[Cdecl]<int*, int>)Export(driver, "cuDeviceGetCount"))(&count), "cuDeviceGetCount");
        if (deviceId >= count)
        {
            throw new OnnxGenAIException($"DeviceId is {deviceId}, but the NVIDIA driver reports {count} device(s), numbered from 0.");
        }

        int device;
        Call(((delegate* unmanaged[Cdecl]<int*, int, int>)Export(driver, "cuDeviceGet"))(&device, deviceId), "cuDeviceGet");
        byte* name = stackalloc byte[NameLength];
        Call(((delegate* unmanaged[Cdecl]<byte*, int, int, int>)Export(driver, "cuDeviceGetName"))(name, NameLength, device), "cuDeviceGetName");
        nuint bytes;
        Call(((delegate* unmanaged[Cdecl]<nuint*, int, int>)Export(driver, "cuDeviceTotalMem_v2"))(&bytes, device), "cuDeviceTotalMem");
        ReadOnlySpan<byte> text = new(name, NameLength);
        int end = text.IndexOf((byte)0);
        return new CudaDevice(version, Encoding.UTF8.GetString(end < 0 ? text : text[..end]), (long)bytes);
    }

    private static nint Export(nint driver, string name) =>
        NativeLibrary.TryGetExport(driver, name, out nint address)
            ? address
            : throw new OnnxGenAIException($"The NVIDIA driver library {LibraryName} has no {name}; install a current driver.");

    private static void Call(int result, string function)
    {
        if (result != 0)
        {
            throw new OnnxGenAIException($"The NVIDIA driver failed in {function} (CUDA driver error {result}). Check with nvidia-smi that a GPU is there and works.");
        }
    }
}
