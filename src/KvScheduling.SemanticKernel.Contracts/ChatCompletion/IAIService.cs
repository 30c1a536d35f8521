namespace Microsoft.SemanticKernel.Services;

public interface IAIService
{
    IReadOnlyDictionary<string, object?> Attributes { get; }
}

public static class AIServiceExtensions
{
    public static string ModelIdKey => "ModelId";

    public static string? GetModelId(this IAIService service) => service.Attributes.GetValueOrDefault(ModelIdKey) as string;
}
