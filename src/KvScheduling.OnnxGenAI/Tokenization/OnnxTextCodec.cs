using System.Text;
using System.Text.Json;

namespace KvScheduling.OnnxGenAI;

/// <summary>The model's tokenizer and chat template, run natively.</summary>
/// <remarks>Encoding and decoding are safe on several threads natively; rendering a template is not known to be, so it takes turns. The tokenizer's options are never changed: they are state that all threads share.</remarks>
internal sealed unsafe class OnnxTextCodec : ITextCodec
{
    /// <summary>Tools reach a template whose text has "tool.function" as they are; for others the library rewrites them and drops required fields, enums and nesting. A comment is text enough and renders nothing.</summary>
    private const string KeepToolsAsTheyAre = "{# tool.function #}";

    private readonly TokenizerHandle _tokenizer;
    private readonly Lock _templateGate = new();
    private readonly string? _templateText;
    private readonly ByteLevelVocabulary? _vocabulary;

    private OnnxTextCodec(TokenizerHandle tokenizer, string? chatTemplate, ByteLevelVocabulary? vocabulary)
    {
        _tokenizer = tokenizer;
        _vocabulary = vocabulary;
        ChatTemplate = chatTemplate;
        _templateText = chatTemplate is null ? null
            : chatTemplate.Contains("tool.function", StringComparison.Ordinal) ? chatTemplate
            : KeepToolsAsTheyAre + chatTemplate;
    }

    public string? ChatTemplate { get; }

    public static OnnxTextCodec Create(ModelHandle model, ModelFolder folder)
    {
        string? template = ChatTemplateFile.Read(folder.Path);
        ByteLevelVocabulary? vocabulary = ByteLevelVocabulary.TryRead(Path.Combine(folder.Path, "tokenizer.json"));
        nint tokenizer;
        try
        {
            NativeResult.Check(NativeMethods.OgaCreateTokenizer(model.Value, out tokenizer));
        }
        catch (OnnxGenAIException error)
        {
            throw new OnnxGenAIException($"The tokenizer in {folder.Path} (tokenizer.json, tokenizer_config.json) could not be loaded: {error.Message}", error);
        }

        return new OnnxTextCodec(new TokenizerHandle(tokenizer), template, vocabulary);
    }

    public string ApplyChatTemplate(string messagesJson, string? toolsJson, bool addGenerationPrompt)
    {
        ArgumentNullException.ThrowIfNull(messagesJson);
        CheckArray(messagesJson, nameof(messagesJson));
        if (toolsJson is not null)
        {
            CheckArray(toolsJson, nameof(toolsJson));
        }

        if (_templateText is null)
        {
            throw new NotSupportedException("The model's folder has no chat template (chat_template.jinja, or chat_template in tokenizer_config.json). Add the one the model was trained with, or send a prompt that is rendered already.");
        }

        ProcessExitGate.Enter();
        try
        {
            nint result;
            byte* text;
            lock (_templateGate)
            {
                result = NativeMethods.OgaTokenizerApplyChatTemplate(
                    _tokenizer.Value, _templateText, JsonText.WithoutNul(messagesJson), toolsJson is null ? null : JsonText.WithoutNul(toolsJson), addGenerationPrompt ? (byte)1 : (byte)0, out text);
            }

            if (result != 0)
            {
                throw new NotSupportedException(
                    $"The model's chat template could not be rendered for these messages: {NativeResult.TakeError(result)} Check roles and their order, or put a simpler chat_template.jinja into the model's folder.");
            }

            return NativeResult.TakeString(text);
        }
        finally
        {
            ProcessExitGate.Exit();
        }
    }

    public int[] Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);

        // The native side takes text that ends at the first NUL; it would drop the rest silently.
        byte[] utf8 = new byte[Encoding.UTF8.GetMaxByteCount(text.Length) + 1];
        Encoding.UTF8.GetBytes(text.Contains('\0') ? text.Replace('\0', '\uFFFD') : text, utf8);
        ProcessExitGate.Enter();
        nint sequences = 0;
        try
        {
            NativeResult.Check(NativeMethods.OgaCreateSequences(out sequences));
            fixed (byte* start = utf8)
            {
                NativeResult.Check(NativeMethods.OgaTokenizerEncode(_tokenizer.Value, start, sequences));
            }

            return NativeMethods.OgaSequencesCount(sequences) == 0
                ? []
                : new ReadOnlySpan<int>(NativeMethods.OgaSequencesGetSequenceData(sequences, 0), checked((int)NativeMethods.OgaSequencesGetSequenceCount(sequences, 0))).ToArray();
        }
        finally
        {
            // Null is safe to destroy here.
            NativeMethods.OgaDestroySequences(sequences);
            ProcessExitGate.Exit();
        }
    }

    public ITokenDecoder CreateDecoder() => _vocabulary is null ? new NativeTokenDecoder(this) : new ByteLevelDecoder(_vocabulary);

    /// <summary>Decodes tokens as a text of their own; U+FFFD stands for bytes that are no character.</summary>
    /// <returns>The number of characters in <paramref name="characters"/>, which grows as needed.</returns>
    public int Decode(ReadOnlySpan<int> tokens, ref char[] characters)
    {
        if (tokens.IsEmpty)
        {
            return 0;
        }

        ProcessExitGate.Enter();
        byte* text = null;
        try
        {
            fixed (int* start = tokens)
            {
                NativeResult.Check(NativeMethods.OgaTokenizerDecode(_tokenizer.Value, start, (nuint)tokens.Length, out text));
            }

            ReadOnlySpan<byte> utf8 = System.Runtime.InteropServices.MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text);
            int most = Encoding.UTF8.GetMaxCharCount(utf8.Length);
            if (characters.Length < most)
            {
                characters = new char[Math.Max(most, characters.Length * 2)];
            }

            return Encoding.UTF8.GetChars(utf8, characters);
        }
        finally
        {
            if (text is not null)
            {
                NativeMethods.OgaDestroyString(text);
            }

            ProcessExitGate.Exit();
        }
    }

    private static void CheckArray(string json, string name)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind == JsonValueKind.Array)
            {
                return;
            }
        }
        catch (JsonException error)
        {
            throw new ArgumentException($"It is not JSON: {error.Message}", name, error);
        }

        throw new ArgumentException("It must be a JSON array.", name);
    }
}
