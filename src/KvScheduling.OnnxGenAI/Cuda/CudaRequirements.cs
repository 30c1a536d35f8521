using System.Runtime.InteropServices;

namespace KvScheduling.OnnxGenAI;

/// <summary>Checks before a model is loaded on a GPU what the native libraries would otherwise report one missing file at a time.</summary>
internal static class CudaRequirements
{
    private const int OldestDriver = 13_000;
    private const double PoolShareOfMemory = 0.6;
    private const int BytesPerElement = 2;

    /// <summary>What the CUDA add-on and provider of GenAI 0.18.0 and ONNX Runtime 1.31 link to.</summary>
    private static readonly string[] RuntimeLibraries = ["libcudart.so.13", "libcublasLt.so.13", "libcublas.so.13", "libcurand.so.10", "libcufft.so.12"];

    /// <summary>Checks package, driver, device and runtime libraries.</summary>
    /// <exception cref="OnnxGenAIException">Something is missing; the message names it and the way out.</exception>
    public static CudaDevice Check(NativeLibraryFiles files, int deviceId)
    {
        CheckAddOns(Path.GetDirectoryName(files.GenAI)!, Path.GetDirectoryName(files.OnnxRuntime)!);
        CudaDevice device = CudaDriver.Query(deviceId);
        if (device.DriverVersion < OldestDriver)
        {
            throw new OnnxGenAIException(
                $"The NVIDIA driver runs CUDA {device.DriverVersion / 1000}.{device.DriverVersion % 1000 / 10}, but the native libraries need CUDA 13: install a newer driver.");
        }

        CheckRuntime();
        return device;
    }

    /// <summary>Tokens of KV that fit a share of the GPU's memory beside the weights.</summary>
    public static long KvTokens(CudaDevice device, ModelFolder folder)
    {
        if (folder.KvElementsPerToken == 0)
        {
            throw new OnnxGenAIException($"{folder.Path}: the config does not give the size of the KV cache (num_hidden_layers, num_key_value_heads, head_size); set OnnxGenAIEngineOptions.KvTokens.");
        }

        long weights = Directory.EnumerateFiles(folder.Path, Path.GetFileName(folder.GraphFile) + "*").Sum(static file => new FileInfo(file).Length);
        long room = (long)(device.MemoryBytes * PoolShareOfMemory) - weights;
        long tokens = room / (folder.KvElementsPerToken * BytesPerElement);
        return tokens >= folder.ContextLength
            ? tokens
            : throw new OnnxGenAIException(
                $"{device.DeviceName} has {device.MemoryBytes / (1 << 20):N0} MiB; {PoolShareOfMemory:P0} of it less {weights / (1 << 20):N0} MiB of weights does not hold one context of {folder.ContextLength:N0} tokens. "
                + "Set OnnxGenAIEngineOptions.KvTokens to say how much KV to keep, or use a smaller model.");
    }

    private static void CheckAddOns(string genAIFolder, string onnxRuntimeFolder)
    {
        string addOn = Path.Combine(genAIFolder, OperatingSystem.IsWindows() ? "onnxruntime-genai-cuda.dll" : "libonnxruntime-genai-cuda.so");
        string provider = Path.Combine(onnxRuntimeFolder, OperatingSystem.IsWindows() ? "onnxruntime_providers_cuda.dll" : "libonnxruntime_providers_cuda.so");
        string? missing = !File.Exists(addOn) ? addOn : !File.Exists(provider) ? provider : null;
        if (missing is not null)
        {
            throw new OnnxGenAIException(
                $"Provider is Cuda, but {missing} does not exist: the native libraries in use are the CPU build. Reference the package Microsoft.ML.OnnxRuntimeGenAI.Cuda instead of Microsoft.ML.OnnxRuntimeGenAI, "
                + "or name a folder with the CUDA build by OnnxGenAIEngineOptions.NativeFolder; to stay on the CPU, set Provider to Cpu and use a model built for it.");
        }
    }

    private static void CheckRuntime()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        List<string> missing = [];
        foreach (string library in RuntimeLibraries)
        {
            if (!NativeLibrary.TryLoad(library, out _))
            {
                missing.Add(library);
            }
        }

        if (missing.Count > 0)
        {
            throw new OnnxGenAIException(
                $"Provider is Cuda, but these CUDA 13 runtime libraries could not be loaded: {string.Join(", ", missing)}. Install the CUDA 13 runtime (cuda-runtime-13-0, or the image nvidia/cuda:13.0.0-runtime) "
                + "and put its folder on LD_LIBRARY_PATH.");
        }
    }
}
