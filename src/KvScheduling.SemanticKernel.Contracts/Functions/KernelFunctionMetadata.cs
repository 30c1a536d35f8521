namespace Microsoft.SemanticKernel;

public sealed class KernelFunctionMetadata
{
    public KernelFunctionMetadata(string name) => Name = name;

    public string Name { get; set; }

    public string? PluginName { get; set; }

    public string Description { get; set; } = string.Empty;
}
