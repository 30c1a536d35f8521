using System.Text.Json;
using Microsoft.Extensions.AI;

namespace KvScheduling.Tests.Chat;

public class MessageWriterTests
{
    [Fact]
    public void Write_PlainConversation_HasRolesNamesAndTheTextsOfAllParts()
    {
        AssertJson(
            """
            [{"role":"system","content":"S"},{"role":"user","name":"Ann","content":"ab"},
             {"role":"assistant","content":""},{"role":"developer","content":"d"}]
            """,
            [
                new ChatMessage(ChatRole.System, "S"),
                new ChatMessage(ChatRole.User, [new TextContent("a"), new TextContent("b")]) { AuthorName = "Ann" },
                new ChatMessage(ChatRole.Assistant, []),
                new ChatMessage(new ChatRole("developer"), "d"),
            ]);
    }

    [Fact]
    public void Write_Instructions_LeadTheOnlySystemMessage()
    {
        ChatMessage user = new(ChatRole.User, "U");
        AssertJson("""[{"role":"system","content":"I"},{"role":"user","content":"U"}]""", [user], "I");
        AssertJson("""[{"role":"system","content":"I\n\nS"},{"role":"user","content":"U"}]""", [new ChatMessage(ChatRole.System, "S"), user], "I");
        AssertJson("""[{"role":"system","content":"I"}]""", [new ChatMessage(ChatRole.System, "")], "I");
    }

    [Fact]
    public void Write_CallsAndResults_HaveOpenAisShape()
    {
        FunctionCallContent first = new("c1", "add", new Dictionary<string, object?> { ["a"] = 1, ["b"] = JsonDocument.Parse("[true, 1.50]").RootElement });
        FunctionCallContent second = new("c2", "now");
        FunctionResultContent sum = new("c1", new Dictionary<string, object?> { ["sum"] = 3 });
        AssertJson(
            """
            [{"role":"assistant","content":"Let me.","tool_calls":[
               {"id":"c1","type":"function","function":{"name":"add","arguments":{"a":1,"b":[true,1.50]}}},
               {"id":"c2","type":"function","function":{"name":"now","arguments":{}}}]},
             {"role":"tool","tool_call_id":"c1","name":"add","content":"{\"sum\":3}"},
             {"role":"tool","tool_call_id":"c2","name":"now","content":"noon"},
             {"role":"tool","tool_call_id":"c9","content":"42"}]
            """,
            [
                new ChatMessage(ChatRole.Assistant, [new TextReasoningContent("secretly"), new TextContent("Let me."), first, second]),
                new ChatMessage(ChatRole.Tool, [sum, new FunctionResultContent("c2", "noon")]),
                new ChatMessage(ChatRole.Tool, [new FunctionResultContent("c9", 42)]),
            ]);
    }

    [Fact]
    public void Write_ResultsOfEveryKind_BecomeText()
    {
        ChatMessage message = new(
            ChatRole.Tool,
            [
                new FunctionResultContent("1", null),
                new FunctionResultContent("2", null) { Exception = new InvalidOperationException("password") },
                new FunctionResultContent("3", JsonDocument.Parse("\"plain\"").RootElement),
                new FunctionResultContent("4", new TextContent("content")),
                new FunctionResultContent("5", new List<AIContent> { new TextContent("a"), new TextContent("b") }),
                new FunctionResultContent("6", true),
            ]);

        JsonElement json = JsonDocument.Parse(MessageWriter.Write([message], null)).RootElement;

        Assert.Equal(
            ["", "Error: the function failed.", "plain", "content", "ab", "true"],
            json.EnumerateArray().Select(static item => item.GetProperty("content").GetString()));
    }

    [Fact]
    public void WriteValue_LooselyTypedValues_AreWrittenAsJson()
    {
        Dictionary<string, object?> values = new()
        {
            ["null"] = null,
            ["text"] = "é<\"\n",
            ["small"] = (byte)7,
            ["large"] = ulong.MaxValue,
            ["decimal"] = 1.10m,
            ["single"] = 0.5f,
            ["nan"] = double.NaN,
            ["list"] = new object?[] { 1, null, new List<int> { 2, 3 } },
            ["map"] = new Dictionary<string, object?> { ["deep"] = false },
            ["day"] = DayOfWeek.Monday,
            ["node"] = System.Text.Json.Nodes.JsonNode.Parse("""{"x":1}"""),
            ["document"] = JsonDocument.Parse("[1]"),
            ["undefined"] = default(JsonElement),
            ["strings"] = new Dictionary<string, string> { ["k"] = "v" },
        };

        string json = JsonValueWriter.Write(values, JsonValueWriter.WriteValue);

        Assert.Equal(
            """
            {"null":null,"text":"é<\"\n","small":7,"large":18446744073709551615,"decimal":1.10,"single":0.5,"nan":"NaN",
            "list":[1,null,[2,3]],"map":{"deep":false},"day":"Monday","node":{"x":1},"document":[1],"undefined":null,"strings":{"k":"v"}}
            """.ReplaceLineEndings(string.Empty),
            json);
    }

    [Fact]
    public void Write_HalfASurrogatePair_BecomesTheReplacementCharacter() =>
        AssertJson("""[{"role":"user","content":"a\uFFFDb"}]""", [new ChatMessage(ChatRole.User, "a\uD83Db")]);

    public static TheoryData<AIContent, string> UnsupportedContents => new()
    {
        { new DataContent(new byte[] { 1 }, "image/png"), "image/png" },
        { new UriContent("https://example.com/a.wav", "audio/wav"), "audio/wav" },
        { new FunctionResultContent("1", new DataContent(new byte[] { 1 }, "image/jpeg")), "image/jpeg" },
        { new HostedFileContent("file-1"), nameof(HostedFileContent) },
    };

    [Theory]
    [MemberData(nameof(UnsupportedContents))]
    public void Write_ContentThatIsNoText_IsRefusedByKind(AIContent content, string kind)
    {
        NotSupportedException error = Assert.Throws<NotSupportedException>(() => MessageWriter.Write([new ChatMessage(ChatRole.User, [content])], null));

        Assert.Contains(kind, error.Message, StringComparison.Ordinal);
        Assert.Contains("text only", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_NoOrNullMessages_IsRefused()
    {
        Assert.Throws<ArgumentException>("messages", () => MessageWriter.Write([], "Instructions alone are no question."));
        Assert.Throws<ArgumentException>("messages", () => MessageWriter.Write([null!], null));
    }

    private static void AssertJson(string expected, IEnumerable<ChatMessage> messages, string? instructions = null) =>
        Assert.Equal(
            JsonSerializer.Serialize(JsonDocument.Parse(expected)),
            JsonSerializer.Serialize(JsonDocument.Parse(MessageWriter.Write(messages, instructions))));
}
