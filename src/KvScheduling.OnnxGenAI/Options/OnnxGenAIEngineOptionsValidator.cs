using Microsoft.Extensions.Options;

namespace KvScheduling.OnnxGenAI;

/// <summary>Refuses settings out of range with their name, range and value.</summary>
internal sealed class OnnxGenAIEngineOptionsValidator : IValidateOptions<OnnxGenAIEngineOptions>
{
    private const int MaxDevices = 64;
    private const int MaxThreads = 1024;
    private const int MaxBlockTokens = 65_536;
    private const int MaxSequences = 1024;
    private const int MaxStepTokens = 1_048_576;

    public ValidateOptionsResult Validate(string? name, OnnxGenAIEngineOptions options)
    {
        List<string> failures = [];
        CheckRange(failures, nameof(options.DeviceId), options.DeviceId, 0, MaxDevices - 1);
        CheckRange(failures, nameof(options.Threads), options.Threads, 1, MaxThreads);
        CheckRange(failures, nameof(options.KvTokens), options.KvTokens, 2, long.MaxValue);
        CheckRange(failures, nameof(options.BlockTokens), options.BlockTokens, 1, MaxBlockTokens);
        CheckRange(failures, nameof(options.MaxSequences), options.MaxSequences, 1, MaxSequences);
        CheckRange(failures, nameof(options.MaxStepTokens), options.MaxStepTokens, 2, MaxStepTokens);
        CheckRange(failures, nameof(options.PrefillChunkTokens), options.PrefillChunkTokens, 1, MaxStepTokens);
        if (!Enum.IsDefined(options.Kind))
        {
            failures.Add($"{nameof(options.Kind)} must be Auto, Paged or Flat, but is {options.Kind}.");
        }

        if (!Enum.IsDefined(options.Provider))
        {
            failures.Add($"{nameof(options.Provider)} must be Model, Cpu or Cuda, but is {options.Provider}.");
        }

        if (options.MaxStepTokens <= options.MaxSequences)
        {
            failures.Add(
                $"{nameof(options.MaxStepTokens)} ({options.MaxStepTokens}) must be above {nameof(options.MaxSequences)} ({options.MaxSequences}): every running sequence takes one token of a step, and prompts need the rest.");
        }

        if (options.KvTokens < 2L * options.BlockTokens)
        {
            failures.Add($"{nameof(options.KvTokens)} ({options.KvTokens}) must hold at least two blocks of {nameof(options.BlockTokens)} ({options.BlockTokens}).");
        }

        if (options.ModelFile is { } file && (file.Length == 0 || Path.GetFileName(file) != file))
        {
            failures.Add($"{nameof(options.ModelFile)} must be the name of a file in the model's folder, but is '{file}'.");
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures.ConvertAll(static text => "OnnxGenAIEngineOptions." + text));
    }

    /// <summary>Throws when settings that were not bound by a container are wrong.</summary>
    public static void ThrowIfInvalid(OnnxGenAIEngineOptions options)
    {
        ValidateOptionsResult result = new OnnxGenAIEngineOptionsValidator().Validate(null, options);
        if (result.Failed)
        {
            throw new OptionsValidationException(nameof(OnnxGenAIEngineOptions), typeof(OnnxGenAIEngineOptions), result.Failures);
        }
    }

    private static void CheckRange(List<string> failures, string name, long? value, long min, long max)
    {
        if (value is { } number && (number < min || number > max))
        {
            failures.Add(max == long.MaxValue ? $"{name} must be at least {min}, but is {number}." : $"{name} must be from {min} to {max}, but is {number}.");
        }
    }
}
