namespace KvScheduling.OnnxGenAI;

/// <summary>Where ONNX Runtime runs a model.</summary>
public enum OnnxGenAIProvider
{
    /// <summary>Where the model's <c>genai_config.json</c> says: CUDA when it names the CUDA provider, else the CPU.</summary>
    Model,

    /// <summary>The CPU.</summary>
    Cpu,

    /// <summary>An NVIDIA GPU; needs the CUDA build of the native libraries, a driver for CUDA 13 and a model built for CUDA.</summary>
    Cuda,
}
