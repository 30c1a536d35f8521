namespace Microsoft.SemanticKernel;

public sealed class KernelParameterMetadata
{
    public KernelParameterMetadata(string name) => Name = name;

    public string Name { get; set; }
}

public sealed class KernelReturnParameterMetadata
{
}
