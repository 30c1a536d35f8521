namespace KvScheduling.OnnxGenAI;

internal sealed class FlatEngine
{
    public static IInferenceEngine Create(OnnxGenAIModel model) => throw new NotSupportedException(model.ModelId);
}
