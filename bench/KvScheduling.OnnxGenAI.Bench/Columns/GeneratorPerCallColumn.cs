namespace KvScheduling.OnnxGenAI.Bench;

/// <summary>
/// One native generator per call, as OnnxRuntimeGenAIChatClient and the ONNX connector of Semantic Kernel make it: the prompt is computed on the caller's thread, then each token in a work item of the thread pool; the limit is
/// prompt and output; nobody waits for anybody.
/// </summary>
internal sealed class GeneratorPerCallColumn(OnnxGenAIModel model) : IColumn
{
    public ITextCodec TextCodec => model.TextCodec!;

    public async Task<Round> RunAsync(int[][] prompts, int maxOutputTokens)
    {
        RoundClock clock = new(prompts.Length);
        await Task.WhenAll(prompts.Select((prompt, request) => Task.Run(() => CallAsync(clock, request, prompt, maxOutputTokens))));
        return clock.Finish();
    }

    public ValueTask DisposeAsync()
    {
        model.Dispose();
        return default;
    }

    private async Task CallAsync(RoundClock clock, int request, int[] prompt, int maxOutputTokens)
    {
        using GeneratorHandle generator = Create(prompt.Length + maxOutputTokens);
        Append(generator.Value, prompt);
        for (int i = 0; i < maxOutputTokens; i++)
        {
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            if (Generate(generator.Value) is not { } token)
            {
                break;
            }

            clock.Take(request, token);
        }

        clock.End(request);
    }

    private GeneratorHandle Create(int maxLength)
    {
        NativeResult.Check(NativeMethods.OgaCreateGeneratorParams(model.Handle, out nint parameters));
        try
        {
            NativeResult.Check(NativeMethods.OgaGeneratorParamsSetSearchNumber(parameters, "max_length", maxLength));
            NativeResult.Check(NativeMethods.OgaCreateGenerator(model.Handle, parameters, out nint generator));
            return new GeneratorHandle(generator);
        }
        finally
        {
            NativeMethods.OgaDestroyGeneratorParams(parameters);
        }
    }

    private static unsafe void Append(nint generator, int[] prompt)
    {
        fixed (int* ids = prompt)
        {
            NativeResult.Check(NativeMethods.OgaGenerator_AppendTokens(generator, ids, (nuint)prompt.Length));
        }
    }

    /// <summary>The next token; null at the end token, which does not grow the sequence.</summary>
    private static unsafe int? Generate(nint generator)
    {
        nuint before = NativeMethods.OgaGenerator_GetSequenceCount(generator, 0);
        NativeResult.Check(NativeMethods.OgaGenerator_GenerateNextToken(generator));
        return NativeMethods.OgaGenerator_GetSequenceCount(generator, 0) == before ? null : NativeMethods.OgaGenerator_GetSequenceData(generator, 0)[before];
    }
}
