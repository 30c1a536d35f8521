namespace KvScheduling.ManagedEngine.Tests.Text;

public sealed class ChatTemplateRefusalTests
{
    [Theory]
    [InlineData("a\n{% include 'x' %}", "the tag 'include'", 2)]
    [InlineData("{% block b %}{% endblock %}", "the tag 'block'", 1)]
    [InlineData("{% break %}", "the tag 'break'", 1)]
    [InlineData("{% for i in [1] %}{% macro m() %}{% break %}{% endmacro %}{% endfor %}", "the tag 'break'", 1)]
    [InlineData("\n\n{{ x | urlize }}", "the filter 'urlize'", 3)]
    [InlineData("{{ x | trim(1, 2, 3) }}", "the filter 'trim' with", 1)]
    [InlineData("{{ x | default(nope=1) }}", "the argument 'nope'", 1)]
    [InlineData("{{ x is filter }}", "the test 'filter'", 1)]
    [InlineData("{{ lipsum() }}", "the function 'lipsum'", 1)]
    [InlineData("{{ x.append(1) }}", "the method 'append'", 1)]
    [InlineData("{{ '%s'.format(1) }}", "the method 'format'", 1)]
    [InlineData("{{ f(*x) }}", "arguments from a list", 1)]
    [InlineData("{% for x in y recursive %}{% endfor %}", "a recursive loop", 1)]
    [InlineData("{{ x[1, 2] }}", "a subscript with a comma", 1)]
    [InlineData("{{ '\\N{DASH}' }}", "a character by name", 1)]
    [InlineData("{{ 99999999999999999999 }}", "the number 99999999999999999999", 1)]
    [InlineData("{{ 0x1F }}", "the number '0x'", 1)]
    public void Compile_Unsupported_NamesItTheLineAndTheWayOut(string template, string construct, int line)
    {
        NotSupportedException exception = Assert.Throws<NotSupportedException>(() => Rendering.Compile(template));

        Assert.Contains(construct, exception.Message, StringComparison.Ordinal);
        Assert.Contains($"line {line}", exception.Message, StringComparison.Ordinal);
        Assert.Contains("ChatTemplateOverride", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{% if x %}", "'if' has no end")]
    [InlineData("{% endfor %}", "'endfor' closes nothing")]
    [InlineData("{% for x in y %}{% endif %}", "'endif' stands where 'endfor'")]
    [InlineData("{{ x", "no end '}}'")]
    [InlineData("{{ 'x }}", "a string has no end")]
    [InlineData("{# x", "no end '#}'")]
    [InlineData("{% raw %} x", "'raw' has no 'endraw'")]
    [InlineData("{{ (1 }}", "closes nothing")]
    [InlineData("{{ 1 + }}", "a value is expected")]
    [InlineData("{{ ? }}", "'?' is not expected")]
    [InlineData("{% %}", "no name")]
    [InlineData("{{ '\\uD8' }}", "hexadecimal")]
    public void Compile_Malformed_SaysWhatAndWhere(string template, string problem)
    {
        NotSupportedException exception = Assert.Throws<NotSupportedException>(() => Rendering.Compile(template));

        Assert.Contains(problem, exception.Message, StringComparison.Ordinal);
        Assert.Contains("line 1", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{{ raise_exception('Roles must alternate.') }}", "Roles must alternate.")]
    [InlineData("{{ 'a' + none }}", "'+' is not possible between string and None")]
    [InlineData("{{ nope.x }}", "'nope' is undefined")]
    [InlineData("{{ nope + 1 }}", "'nope' is undefined")]
    [InlineData("{{ 1 / 0 }}", "division by zero")]
    [InlineData("{{ 9223372036854775807 + 1 }}", "64 bits")]
    [InlineData("{{ (-9223372036854775807 - 1) | abs }}", "in line 1")]
    [InlineData("{{ 'a' < 1 }}", "no order")]
    [InlineData("{{ ['a', 1] | sort }}", "no order")]
    [InlineData("{% for x in 5 %}{% endfor %}", "can't be looped over")]
    [InlineData("{% set a, b = [1] %}", "1 values can't be assigned to 2 names")]
    [InlineData("{% set x = {} %}{% set x.y = 1 %}", "no namespace")]
    [InlineData("{{ nope | tojson }}", "can't be written as JSON")]
    public void Render_ConversationThatTheTemplateDoesNotTake_SaysWhy(string template, string problem)
    {
        ArgumentException exception = Assert.Throws<ArgumentException>(() => Rendering.Render(template));

        Assert.Equal("messagesJson", exception.ParamName);
        Assert.Contains(problem, exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}", "loops run more than")]
    [InlineData("{{ 'a' * 9999999 }}", "characters")]
    [InlineData("{% set ns = namespace(x='aaaaaaaa') %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}", "characters")]
    [InlineData("{% set ns = namespace(x='aaaaaaaa') %}{% for i in range(99) %}{% set ns.x = ns.x | replace('a', 'aa') %}{% endfor %}", "characters")]
    [InlineData("{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}", "items")]
    [InlineData("{% for i in range(99999) %}{{ 'aaaaaaaaaaaaaaaaaaaa' * 99999 }}{% endfor %}", "characters")]
    [InlineData("{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}", "characters")]
    [InlineData("{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x | tojson }}", "characters")]
    [InlineData("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "deep")]
    [InlineData("{{ range(1, 999999) }}", "100000 numbers")]
    public void Render_RunawayTemplate_IsStopped(string template, string problem)
    {
        ArgumentException exception = Assert.Throws<ArgumentException>(() => Rendering.Render(template));

        Assert.Contains(problem, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Compile_DeeplyNested_IsRefusedAndNotAStackOverflow()
    {
        Assert.Throws<NotSupportedException>(() => Rendering.Compile($"{{{{ {new string('(', 5000)}1{new string(')', 5000)} }}}}"));
        Assert.Throws<NotSupportedException>(() => Rendering.Compile($"{{{{ {string.Concat(Enumerable.Repeat("- ", 5000))}1 }}}}"));
        Assert.Throws<NotSupportedException>(() => Rendering.Compile(string.Concat(Enumerable.Repeat("{% if x %}", 5000))));
        Assert.Throws<NotSupportedException>(() => Rendering.Compile($"{{{{ 1{string.Concat(Enumerable.Repeat(" + 1", 100_000))} }}}}"));
        Assert.Throws<NotSupportedException>(() => Rendering.Compile($"{{{{ a{string.Concat(Enumerable.Repeat("[0]", 100_000))} }}}}"));
        Assert.Equal("600", Rendering.Render($"{{{{ 1{string.Concat(Enumerable.Repeat(" + 1", 599))} }}}}"));
    }

    [Fact]
    public void Render_BadJson_NamesTheParameter()
    {
        Assert.Equal("messagesJson", Assert.Throws<ArgumentException>(() => Rendering.Render("x", "{}")).ParamName);
        Assert.Equal("messagesJson", Assert.Throws<ArgumentException>(() => Rendering.Render("x", "[")).ParamName);
        Assert.Equal("toolsJson", Assert.Throws<ArgumentException>(() => Rendering.Render("x", "[]", "7")).ParamName);
    }

    [Fact]
    public void Render_DamagedTemplates_ThrowOnlyWhatIsDocumented()
    {
        byte[] original = System.Text.Encoding.UTF8.GetBytes(TestFolders.Template("qwen3") + TestFolders.Template("typed-tools"));
        const string Messages = """[{"role":"user","content":"Hi"},{"role":"assistant","content":"<think>a</think>b"}]""";
        var random = new Random(7);
        for (int i = 0; i < 400; i++)
        {
            string damaged = System.Text.Encoding.UTF8.GetString(Damage.Randomly(original, random));
            Exception? exception = Record.Exception(() => Rendering.Render(damaged, Messages));
            Assert.True(exception is null or NotSupportedException || exception.GetType() == typeof(ArgumentException), $"{i}: {exception}");
        }
    }

    [Fact]
    public void Render_FromManyThreads_GivesTheSame()
    {
        ChatTemplate template = Rendering.Compile(TestFolders.Template("qwen3"));
        const string Messages =
            """[{"role":"user","content":"Hi"},{"role":"assistant","content":"<think>\na\n</think>\n\nb"},{"role":"user","content":"So?"}]""";
        string expected = template.Render(Messages, null, true);

        Parallel.For(0, 100, _ => Assert.Equal(expected, template.Render(Messages, null, true)));
    }
}
