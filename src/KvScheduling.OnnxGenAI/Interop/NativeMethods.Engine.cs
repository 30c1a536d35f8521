using System.Runtime.InteropServices;

namespace KvScheduling.OnnxGenAI;

internal static unsafe partial class NativeMethods
{
    [LibraryImport(Library)]
    public static partial nint OgaCreateEngine(nint model, out nint engine);

    [LibraryImport(Library)]
    public static partial void OgaDestroyEngine(nint engine);

    [LibraryImport(Library)]
    public static partial nint OgaEngineRun(nint engine, nint eventBuffer);

    [LibraryImport(Library)]
    public static partial nint OgaEngineMaxDraftTokensPerProposal(nint engine, out nuint count);

    [LibraryImport(Library)]
    public static partial nint OgaEngineGetCapabilities(nint engine, out nint capabilities);

    [LibraryImport(Library)]
    public static partial void OgaDestroyEngineCapabilities(nint capabilities);

    [LibraryImport(Library)]
    public static partial nuint OgaEngineCapabilitiesGetConfiguredMaxBatchSize(nint capabilities);

    [LibraryImport(Library)]
    public static partial ulong OgaEngineCapabilitiesGetMaxRequestLength(nint capabilities);

    [LibraryImport(Library)]
    public static partial nint OgaCreateEngineEventBuffer(nint engine, nuint capacity, out nint eventBuffer);

    [LibraryImport(Library)]
    public static partial void OgaDestroyEngineEventBuffer(nint eventBuffer);

    [LibraryImport(Library)]
    public static partial nuint OgaEngineEventBufferGetCount(nint eventBuffer);

    [LibraryImport(Library)]
    public static partial nint OgaEngineEventBufferGet(nint eventBuffer, nuint index);

    [LibraryImport(Library)]
    public static partial nint OgaEngineEventGetFlags(nint engineEvent, out EngineEventFlags flags);

    [LibraryImport(Library)]
    public static partial nint OgaEngineEventGetErrorCode(nint engineEvent, out EngineErrorCode code);

    [LibraryImport(Library)]
    public static partial nint OgaEngineEventGetRequest(nint engineEvent, out nint request);

    [LibraryImport(Library)]
    public static partial nint OgaEngineEventGetTurnId(nint engineEvent, out ulong turnId);

    [LibraryImport(Library)]
    public static partial nint OgaEngineEventGetToken(nint engineEvent, out int token);

    [LibraryImport(Library)]
    public static partial nint OgaEngineEventGetFinishReason(nint engineEvent, out TurnFinishReason reason);

    [LibraryImport(Library)]
    public static partial nint OgaCreateRequestOptions(out nint options);

    [LibraryImport(Library)]
    public static partial nint OgaRequestOptionsSetMaxSessionTokens(nint options, ulong count);

    [LibraryImport(Library)]
    public static partial void OgaDestroyRequestOptions(nint options);

    [LibraryImport(Library)]
    public static partial nint OgaEngineCreateRequest(nint engine, nint options, out nint request);

    [LibraryImport(Library)]
    public static partial nint OgaRequestBeginTurn(nint request, nint options, int* inputIds, ulong count, out ulong turnId);

    [LibraryImport(Library)]
    public static partial nint OgaRequestCancelTurn(nint request, ulong turnId, out byte cancelled);

    [LibraryImport(Library)]
    public static partial nint OgaRequestClose(nint request);

    [LibraryImport(Library)]
    public static partial void OgaDestroyRequest(nint request);

    [LibraryImport(Library)]
    public static partial nint OgaRequestCreateTurnOptions(nint request, out nint options);

    [LibraryImport(Library)]
    public static partial void OgaDestroyTurnOptions(nint options);

    [LibraryImport(Library)]
    public static partial nint OgaTurnOptionsSetMaxGeneratedTokens(nint options, ulong count);

    [LibraryImport(Library)]
    public static partial nint OgaTurnOptionsSetDoSample(nint options, byte doSample);

    [LibraryImport(Library)]
    public static partial nint OgaTurnOptionsSetTemperature(nint options, float temperature);

    [LibraryImport(Library)]
    public static partial nint OgaTurnOptionsSetTopP(nint options, float topP);

    [LibraryImport(Library)]
    public static partial nint OgaTurnOptionsSetTopK(nint options, int topK);

    [LibraryImport(Library)]
    public static partial nint OgaTurnOptionsSetRepetitionPenalty(nint options, float penalty);

    [LibraryImport(Library)]
    public static partial nint OgaTurnOptionsSetNoRepeatNgramSize(nint options, int size);

    [LibraryImport(Library)]
    public static partial nint OgaTurnOptionsSetSeed(nint options, ulong seed);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint OgaTurnOptionsSetGuidance(nint options, string type, string data);
}
