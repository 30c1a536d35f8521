namespace KvScheduling.ManagedEngine.Tests.Text;

/// <summary>Templates of the shapes that model families use, with what they must write.</summary>
public sealed class ChatTemplateFamilyTests
{
    private const string Chat = """
        [{"role":"user","content":"  Hi "},{"role":"assistant","content":"<think>\nhm\n</think>\n\nYes"},{"role":"user","content":"And 😀?"}]
        """;

    private const string WithSystem = """[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"}]""";

    private const string Calls = """
        [{"role":"system","content":"Be brief."},{"role":"user","content":"Weather?"},
         {"role":"assistant","content":null,"tool_calls":[{"id":"call12345","type":"function",
          "function":{"name":"get_weather","arguments":"{\"city\":\"Köln\",\"days\":[1,2.5]}"}}]},
         {"role":"tool","name":"get_weather","tool_call_id":"call12345","content":"{\"t\": 21}"}]
        """;

    private const string Tools = """
        [{"type":"function","function":{"name":"get_weather","description":"Weather","parameters":{"type":"object",
          "properties":{"city":{"type":"string","description":"The\ncity"},
           "days":{"type":"array","items":{"type":"number"}},"unit":{"enum":["c","f"]}},"required":["city"]}}}]
        """;

    [Fact]
    public void ChatML_WithoutSystemMessage_PutsTheDefaultFirst() => Assert.Equal(
        "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n<think>\nhm\n"
        + "</think>\n\nYes<|im_end|>\n<|im_start|>user\nAnd 😀?<|im_end|>\n<|im_start|>assistant\n",
        Rendering.Render(TestFolders.Template("chatml"), Chat));

    [Fact]
    public void Llama3_WithoutTools_WritesTheDate() => Assert.Equal(
        "<s><|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December 2023\nToday Date: 04 Jul 2025\n\nBe brief.<|"
        + "eot_id|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
        Rendering.Render(TestFolders.Template("llama3"), WithSystem));

    [Fact]
    public void Llama3_WithTools_PutsThemIntoTheFirstUserMessage()
    {
        string prompt = Rendering.Render(TestFolders.Template("llama3"), Calls, Tools);

        Assert.StartsWith("<s><|start_header_id|>system<|end_header_id|>\n\nEnvironment: ipython\nCutting Knowledge", prompt, StringComparison.Ordinal);
        Assert.Contains(
            "user<|end_header_id|>\n\nAnswer with a JSON call of the form {\"name\": function, \"parameters\": arguments}.\n\n{\n"
            + "    \"type\": \"function\",\n    \"function\": {\n        \"name\": \"get_weather\",\n", prompt, StringComparison.Ordinal);
        Assert.EndsWith(
            "\n}\n\nWeather?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n{\"name\": \"get_weather\", "
            + "\"parameters\": {\"city\": \"Köln\", \"days\": [1, 2.5]}}<|eot_id|>"
            + "<|start_header_id|>ipython<|end_header_id|>\n\n{\"t\": 21}<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
            prompt,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Mistral_WithTools_WritesCallsAndResults() => Assert.Equal(
        "<s>[AVAILABLE_TOOLS] [{\"type\": \"function\", \"function\": {\"name\": \"get_weather\", \"description\": \"Weather\", "
        + "\"parameters\": {\"type\": \"object\", \"properties\": "
        + "{\"city\": {\"type\": \"string\", \"description\": \"The\\ncity\"}, \"days\": {\"type\": \"array\", "
        + "\"items\": {\"type\": \"number\"}}, \"unit\": {\"enum\": [\"c\", \"f\"]}}, \"required\": [\"city\"]}}}]"
        + "[/AVAILABLE_TOOLS][INST] Weather?[/INST][TOOL_CALLS] [{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Köln\", \"days\": [1, "
        + "2.5]}, \"id\": \"call12345\"}]</s>"
        + "[TOOL_RESULTS] {\"content\": {\"t\": 21}, \"call_id\": \"call12345\"}[/TOOL_RESULTS]",
        Rendering.Render(TestFolders.Template("mistral"), Calls, Tools));

    [Fact]
    public void Mistral_TwoUserMessages_AreRefusedInTheTemplatesWords()
    {
        ArgumentException exception = Assert.Throws<ArgumentException>(
            () => Rendering.Render(TestFolders.Template("mistral"), """[{"role":"user","content":"a"},{"role":"user","content":"b"}]"""));

        Assert.Contains(
            "refuses the conversation: After the optional system message, conversation roles must alternate", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Mistral_SystemMessage_StandsBeforeTheLastUserMessage() =>
        Assert.Equal("<s>[INST] Be brief.\n\nHi[/INST]", Rendering.Render(TestFolders.Template("mistral"), WithSystem));

    [Fact]
    public void Qwen3_OlderThinking_IsLeftOut() => Assert.Equal(
        "<|im_start|>user\n  Hi <|im_end|>\n<|im_start|>assistant\nYes<|im_end|>\n<|im_start|>user\nAnd 😀?<|im_end|>\n<|im_start|>assistant\n",
        Rendering.Render(TestFolders.Template("qwen3"), Chat));

    [Fact]
    public void Qwen3_WithTools_GroupsResultsInAUserTurn() => Assert.Equal(
        "<|im_start|>system\nBe brief.\n\n# Tools\n\nFunctions are listed within <tools></tools>:\n<tools>\n{\"type\": \"function\", "
        + "\"function\": {\"name\": \"get_weather\", \"description\": \"Weather\", \"parameters\": "
        + "{\"type\": \"object\", \"properties\": {\"city\": {\"type\": \"string\", \"description\": \"The\\ncity\"}, "
        + "\"days\": {\"type\": \"array\", \"items\": {\"type\": \"number\"}}, \"unit\": {\"enum\": [\"c\", \"f\"]}}, "
        + "\"required\": [\"city\"]}}}"
        + "\n</tools>\n\nA call is written:\n<tool_call>\n{\"name\": <function-name>, \"arguments\": <args-json-object>}\n</tool_call><|im_end|"
        + ">\n<|im_start|>user\nWeather?<|im_end|>\n"
        + "<|im_start|>assistant\n<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Köln\", \"days\": [1, 2.5]}}\n</tool_call><|im_end|>\n"
        + "<|im_start|>user\n<tool_response>\n{\"t\": 21}\n</tool_response><|im_end|>\n<|im_start|>assistant\n",
        Rendering.Render(TestFolders.Template("qwen3"), Calls, Tools));

    [Fact]
    public void Phi3_LineEndsInLiterals_AreKept()
    {
        Assert.Equal("<|system|>\nBe brief.<|end|>\n<|user|>\nHi<|end|>\n<|assistant|>\n", Rendering.Render(TestFolders.Template("phi3"), WithSystem));
        Assert.Equal(
            "<|system|>\nBe brief.<|end|>\n<|user|>\nHi<|end|>\n</s>",
            Rendering.Render(TestFolders.Template("phi3"), WithSystem, addGenerationPrompt: false));
    }

    [Fact]
    public void Phi4_WithTools_ListsFunctionsInTheSystemTurn() => Assert.StartsWith(
        "<|system|>Be brief.<|tool|>[{\"name\": \"get_weather\", \"description\": \"Weather\",",
        Rendering.Render(TestFolders.Template("phi4"), Calls, Tools),
        StringComparison.Ordinal);

    [Fact]
    public void Gemma_SystemMessage_OpensTheFirstUserTurn() => Assert.Equal(
        "<s><start_of_turn>user\nBe brief.\n\nHi<end_of_turn>\n<start_of_turn>model\n",
        Rendering.Render(TestFolders.Template("gemma"), WithSystem));

    [Fact]
    public void Zephyr_LineEndsAfterBlocks_AreDroppedAndAfterOutputKept() => Assert.Equal(
        "<|system|>\nBe brief.</s>\n<|user|>\nHi</s>\n<|assistant|>\n",
        Rendering.Render(TestFolders.Template("zephyr"), WithSystem));

    [Fact]
    public void TypedTools_MacrosThatCallEachOther_WriteDeclarations() => Assert.Equal(
        """
        <|start|>system<|message|>Be brief.
        namespace functions {
        // Weather
        type get_weather = (_: {
          // The city
          city: string,
          days?: number[],
          unit?: "c" | "f",
        }) => any;
        }<|end|><|start|>user<|message|>Weather?<|end|>
        """.ReplaceLineEndings("\n")
        + "<|start|>assistant to=functions.get_weather<|message|>{\"city\": \"Köln\", \"days\": [1, 2.5]}<|call|>"
        + "<|start|>functions.get_weather<|message|>\"{\\\"t\\\": 21}\"<|end|><|start|>assistant",
        Rendering.Render(TestFolders.Template("typed-tools"), Calls, Tools));
}
