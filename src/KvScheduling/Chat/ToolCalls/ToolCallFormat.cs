namespace KvScheduling;

/// <summary>The syntax in which a model writes tool calls.</summary>
public enum ToolCallFormat
{
    /// <summary>Picked by the model's chat template (<see cref="ITextCodec.ChatTemplate"/>). Tools are refused with <see cref="NotSupportedException"/> when
    /// the template does not tell.</summary>
    Auto,

    /// <summary><c>&lt;tool_call&gt;{"name": …, "arguments": {…}}&lt;/tool_call&gt;</c>, once per call, also after text: Hermes, Qwen 2.5 and later,
    /// SmolLM3.</summary>
    Hermes,

    /// <summary><c>{"name": …, "parameters": {…}}</c> as the whole message, <c>;</c> between several, optionally after <c>&lt;|python_tag|&gt;</c>: Llama 3.1
    /// and later.</summary>
    Llama3Json,

    /// <summary><c>[TOOL_CALLS][{"name": …, "arguments": {…}}, …]</c>, or <c>[TOOL_CALLS]name[ARGS]{…}</c> as newer models write it: Mistral.</summary>
    Mistral,

    /// <summary>Tools are shown to the model, but its output is delivered as text, whatever it looks like.</summary>
    None,
}
