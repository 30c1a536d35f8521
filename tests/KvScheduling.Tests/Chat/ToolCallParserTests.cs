using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.AI;

namespace KvScheduling.Tests.Chat;

public class ToolCallParserTests
{
    [Theory]
    [InlineData("""<tool_call>{"name": "f", "arguments": {"a": 1}}</tool_call>""", "call:f(a=1)")]
    [InlineData("<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": 1}}\n</tool_call>", "call:f(a=1)")]
    [InlineData("""Let me see. <tool_call>{"name":"f","arguments":{}}</tool_call>""", "text:Let me see.|call:f()")]
    [InlineData("""<tool_call>{"name":"f","arguments":{}}</tool_call> <tool_call>{"arguments":{"a":2},"name":"g"}</tool_call>""", "call:f()|call:g(a=2)")]
    [InlineData("""<tool_call>{"name":"f","arguments":{"a":1}}</tool_call> and more""", "call:f(a=1)|text:and more")]
    [InlineData("""<tool_call>{"name":"f","arguments":{"t":"a </tool_call> { \" } b"}}</tool_call>""", "call:f(t=a </tool_call> { \" } b)")]
    [InlineData("""<tool_call>{"name":"f","parameters":{"a":1}}</tool_call>""", "call:f(a=1)")]
    [InlineData("""<tool_call>{"name":"f"}</tool_call>""", "call:f()")]
    [InlineData("""<tool_call>{"name":"f","arguments":null}</tool_call>""", "call:f()")]
    [InlineData("""<tool_call>{"name":"f","arguments":"{\"a\":1}"}</tool_call>""", "call:f(a=1)")]
    public void Hermes_Calls_AreDelivered(string text, string expected) => AssertParsed(ToolCallFormat.Hermes, text, expected);

    [Theory]
    [InlineData("""<tool_call>{"name":"f","arguments":{"a":1}""", "call:f(a=1)")]
    [InlineData("""<tool_call>{"name":"f","arguments":{"a":1}</tool_call>""", "call:f(a=1)")]
    [InlineData("""<tool_call>{"name":"f","arguments":{"a":1}</tool_call>x""", "call:f(a=1)|text:x")]
    [InlineData("""<tool_call>{"name":"f","arguments":{"a":1}}<tool_call>{"name":"g","arguments":{}}""", "call:f(a=1)|call:g()")]
    [InlineData("""<tool_call>{"name":"f","arguments":{"a":1}} then text""", "call:f(a=1)|text:then text")]
    [InlineData("""<tool_call>{"name":"f","arguments":{"a":1}}</tool""", "call:f(a=1)|text:</tool")]
    public void Hermes_CallsWithMissingBracesOrTags_AreDelivered(string text, string expected) => AssertParsed(ToolCallFormat.Hermes, text, expected);

    [Theory]
    [InlineData("""<tool_call>{"name":"f","arguments":{a:1}}</tool_call>""", "call:f(!{a:1})")]
    [InlineData("""<tool_call>{"name":"f","arguments":[1]}</tool_call>""", "call:f(![1])")]
    [InlineData("""<tool_call>{"name":"f","arguments":7}</tool_call>""", "call:f(!7)")]
    [InlineData("""<tool_call>{"name":"f","arguments":{"a":"x}}</tool_call> bye""", "call:f(!{\"a\":\"x}})|text:bye")]
    public void Hermes_BadArguments_BecomeTheCallsException(string text, string expected) => AssertParsed(ToolCallFormat.Hermes, text, expected);

    [Theory]
    [InlineData("Just text.")]
    [InlineData("A < b <tool_ no")]
    [InlineData("<tool_call>none</tool_call>")]
    [InlineData("<tool_call>")]
    [InlineData("  <tool_call>  ")]
    [InlineData("<tool_call> {\"a\":1} </tool_call>")]
    [InlineData("<tool_call>{\"name\":\"f\",\"arguments\":{\"a\":1")]
    [InlineData("<tool_call>{\"name\":\"f\"")]
    [InlineData("<tool_call>{\"name\":7}</tool_call>\n")]
    [InlineData("<tool_call><tool_call")]
    public void Hermes_TextThatIsNoCall_IsDeliveredToTheLastCharacter(string text) => AssertParsed(ToolCallFormat.Hermes, text, "text:" + text);

    [Fact]
    public void Hermes_OpeningTwice_TextAndCall() =>
        AssertParsed(ToolCallFormat.Hermes, """<tool_call><tool_call>{"name":"f","arguments":{}}</tool_call>""", "text:<tool_call>|call:f()");

    [Theory]
    [InlineData("""{"name": "f", "parameters": {"a": 1}}""", "call:f(a=1)")]
    [InlineData("""  {"name": "f", "arguments": {"a": 1}} """, "call:f(a=1)")]
    [InlineData("""<|python_tag|>{"name": "f", "parameters": {}}""", "call:f()")]
    [InlineData("""{"name":"f","parameters":{"a":1}}; {"name":"g","parameters":{}}""", "call:f(a=1)|call:g()")]
    [InlineData("""<|python_tag|>{"name":"f","parameters":{}};<|python_tag|>{"name":"g","parameters":{}};""", "call:f()|call:g()")]
    [InlineData("""{"type":"function","name":"f","parameters":{"a":1}}""", "call:f(a=1)")]
    [InlineData("""{"name":"f","parameters":{"a":1}""", "call:f(a=1)")]
    [InlineData("""{"name":"f","parameters":{a}}""", "call:f(!{a})")]
    [InlineData("""{"name":"f","parameters":{}} That was it.""", "call:f()|text:That was it.")]
    public void Llama3_Calls_AreDelivered(string text, string expected) => AssertParsed(ToolCallFormat.Llama3Json, text, expected);

    [Theory]
    [InlineData("Just text.")]
    [InlineData(" \n")]
    [InlineData("""{"name":"Eve","age":3}""")]
    [InlineData("""Use {"name":"f","parameters":{}}""")]
    [InlineData("""{"name":"Eve"} {"name":"f","parameters":{}}""")]
    [InlineData("""<|python_tag|>print("hi")""")]
    [InlineData("<|python")]
    [InlineData(";{}")]
    [InlineData("""{"name":"f","parameters":{"a":""")]
    public void Llama3_TextThatIsNoCall_IsDeliveredToTheLastCharacter(string text) => AssertParsed(ToolCallFormat.Llama3Json, text, "text:" + text);

    [Theory]
    [InlineData("""[TOOL_CALLS][{"name": "f", "arguments": {"a": 1}}]""", "call:f(a=1)")]
    [InlineData("""[TOOL_CALLS] [{"name":"f","arguments":{"a":1}}, {"name":"g","arguments":{}}]""", "call:f(a=1)|call:g()")]
    [InlineData("""Sure. [TOOL_CALLS][{"name":"f","arguments":{}}] done""", "text:Sure.|call:f()|text:done")]
    [InlineData("""[TOOL_CALLS]f[ARGS]{"a": 1}""", "call:f(a=1)")]
    [InlineData("""[TOOL_CALLS]f{"a": 1}""", "call:f(a=1)")]
    [InlineData("""[TOOL_CALLS]f[CALL_ID]abc123[ARGS]{"a": 1}""", "call:f(a=1)")]
    [InlineData("""[TOOL_CALLS]f[ARGS]{"a":1}[TOOL_CALLS]g[ARGS]{}""", "call:f(a=1)|call:g()")]
    [InlineData("""[TOOL_CALLS]f[ARGS]{a}""", "call:f(!{a})")]
    [InlineData("""[TOOL_CALLS][{"name":"f","arguments":{"a":1}""", "call:f(a=1)")]
    [InlineData("""[TOOL_CALLS][{"name":"f","arguments":{"a":1}}""", "call:f(a=1)")]
    public void Mistral_Calls_AreDelivered(string text, string expected) => AssertParsed(ToolCallFormat.Mistral, text, expected);

    [Theory]
    [InlineData("Just [text].")]
    [InlineData("[TOOL_CALLS]")]
    [InlineData("[TOOL_CALLS][]")]
    [InlineData("[TOOL_CALLS][1, 2]")]
    [InlineData("""[TOOL_CALLS][{"a":1}] x""")]
    [InlineData("[TOOL_CALLS]f and g, really")]
    [InlineData("""[TOOL_CALLS]f g{"a":1}""")]
    [InlineData("[TOOL_CALLS]{}")]
    [InlineData("""[TOOL_CALLS]f[ARGS]{"a": """)]
    public void Mistral_TextThatIsNoCall_IsDeliveredToTheLastCharacter(string text) => AssertParsed(ToolCallFormat.Mistral, text, "text:" + text);

    [Fact]
    public void Create_MistralCall_HasAnIdThatItsTemplatesAccept()
    {
        ChatOutput output = Parse(ToolCallFormat.Mistral, ["[TOOL_CALLS]f[ARGS]{}"]);

        FunctionCallContent call = Assert.IsType<FunctionCallContent>(Assert.Single(output.Take()));
        Assert.Equal(9, call.CallId.Length);
        Assert.All(call.CallId, static character => Assert.True(char.IsAsciiLetterOrDigit(character)));
    }

    [Theory]
    [InlineData(ToolCallFormat.Hermes)]
    [InlineData(ToolCallFormat.Llama3Json)]
    [InlineData(ToolCallFormat.Mistral)]
    public void Write_AnyMixAndAnySplit_GivesBackTheTextsAndCallsItWasMadeOf(ToolCallFormat format)
    {
        Gen<int> seeds = Gen.Choose(0, int.MaxValue - 1);

        Check.One(Config.QuickThrowOnFailure.WithMaxTest(1000), Prop.ForAll(seeds.ToArbitrary(), seed =>
        {
            (string text, string expected) = Compose(format, new Random(seed));
            return ToolDescription(Parse(format, StopSequenceTests.Split(text, seed + 1))) == expected;
        }));
    }

    [Theory]
    [InlineData(ToolCallFormat.Hermes)]
    [InlineData(ToolCallFormat.Llama3Json)]
    [InlineData(ToolCallFormat.Mistral)]
    public void Write_AnyGarbageAndAnySplit_GivesWhatTheWholeTextGives(ToolCallFormat format)
    {
        string[] pieces =
        [
            "<tool_call>", "</tool_call>", "[TOOL_CALLS]", "[ARGS]", "<|python_tag|>", "{", "}", "[", "]", "\"", "\\", ",", ";", ":", " ", "\n",
            "f", "\"name\"", "\"arguments\"", "\"f\"", "{}", "{\"name\":\"f\",\"arguments\":{}}", "<", "tool_",
        ];
        Gen<(string, int)> cases = Gen.Elements(pieces).ArrayOf().Select(string.Concat)
            .SelectMany(text => Gen.Choose(0, int.MaxValue - 1).Select(seed => (text, seed)));

        Check.One(Config.QuickThrowOnFailure.WithMaxTest(1000), Prop.ForAll(cases.ToArbitrary(), sample =>
        {
            (string text, int seed) = sample;
            string whole = ToolDescription(Parse(format, [text]));
            string split = ToolDescription(Parse(format, StopSequenceTests.Split(text, seed)));

            // Whatever is no call is text, every character of it.
            return split == whole && (whole.Contains("call:", StringComparison.Ordinal) || whole == (text.Length == 0 ? string.Empty : "text:" + text));
        }));
    }

    private static void AssertParsed(ToolCallFormat format, string text, string expected)
    {
        Assert.Equal(expected, ToolDescription(Parse(format, [text])));
        Assert.Equal(expected, ToolDescription(Parse(format, text.Select(static character => character.ToString()))));
    }

    private static ChatOutput Parse(ToolCallFormat format, IEnumerable<string> pieces)
    {
        ChatOutput output = new();
        ITextSink parser = ToolCallSyntax.CreateParser(format, output);
        foreach (string piece in pieces)
        {
            parser.Write(piece);
        }

        parser.Complete();
        return output;
    }

    private static string ToolDescription(ChatOutput output) => ChatTestExtensions.Describe(output.Take());

    /// <summary>A well-formed output and what it must be read as. Llama's has no text, Mistral's array none before its end.</summary>
    private static (string Text, string Expected) Compose(ToolCallFormat format, Random random)
    {
        List<string> texts = [];
        List<string> expected = [];
        int calls = random.Next(1, 4);
        for (int i = 0; i < calls; i++)
        {
            if (format == ToolCallFormat.Hermes && random.Next(2) == 0)
            {
                string[] words = ["one", "<two", "{3}", "tool_call>", "é😀"];
                string word = words[random.Next(words.Length)];
                texts.Add(word + new string(' ', random.Next(3)));
                expected.Add("text:" + word);
            }

            string[] values = ["plain", "a}b{", "<tool_call>", "</tool_call>", "\\\" ]", "[TOOL_CALLS]", "é😀", ";"];
            string value = values[random.Next(values.Length)];
            string name = "tool_" + random.Next(100);
            string arguments = $$"""{"x": "{{value}}", "y": [{"z": {{random.Next(100)}}}]}""";
            string read = System.Text.Json.JsonDocument.Parse(arguments).RootElement.GetProperty("y").GetRawText();
            expected.Add($"call:{name}(x={value.Replace("\\\"", "\"", StringComparison.Ordinal)},y={read})");
            string tag = random.Next(3) == 0 ? "<|python_tag|>" : string.Empty;
            string separator = i + 1 < calls ? ";" : string.Empty;
            texts.Add(format switch
            {
                ToolCallFormat.Hermes => "<tool_call>" + Gap(random) + $$"""{"name": "{{name}}", "arguments": {{arguments}}}""" + Gap(random) + "</tool_call>",
                ToolCallFormat.Llama3Json => tag + $$"""{"name": "{{name}}", "parameters": {{arguments}}}""" + separator,
                _ => $"[TOOL_CALLS]{name}[ARGS]{arguments}",
            });
            texts.Add(Gap(random));
        }

        return (string.Concat(texts), string.Join('|', expected));
    }

    private static string Gap(Random random) => random.Next(3) switch
    {
        0 => string.Empty,
        1 => "\n",
        _ => "  ",
    };
}
