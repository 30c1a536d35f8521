namespace KvScheduling.ManagedEngine.Tests.Text;

/// <summary>The language, piece by piece. What is expected is what Jinja 3.1 with Hugging Face's settings writes.</summary>
public sealed class ChatTemplateLanguageTests
{
    private const string Messages = """
        [{"role":"system","content":"Be nice."},{"role":"user","content":"Hi  there "},
         {"role":"assistant","content":"Yes",
          "tool_calls":[{"id":"c1","function":{"name":"f","arguments":{"a":1,"b":[1.5,null,true,"é\"\n"],"c":1e-7,"d":1e20}}}]},
         {"role":"user","content":"😀 bye"}]
        """;

    [Theory]
    [InlineData("{{ 1 + 2 * 3 - 4 / 2 }}|{{ 7 // 2 }}|{{ -7 // 2 }}|{{ -7 % 3 }}|{{ 2 ** 10 }}|{{ 2 ** -1 }}", "5.0|3|-4|2|1024|0.5")]
    [InlineData(
        "{{ 1e3 }}|{{ 0.1 + 0.2 }}|{{ 1e16 }}|{{ 1e15 }}|{{ 1e-5 }}|{{ 0.0001 }}|{{ 1_000 }}|{{ -0.0 }}",
        "1000.0|0.30000000000000004|1e+16|1000000000000000.0|1e-05|0.0001|1000|-0.0")]
    [InlineData(
        "{{ 'a' ~ 1 ~ none ~ true ~ 1.5 }}|{{ 'a' * 3 }}|{{ [1] + [2] }}|{{ (1,) }}|{{ {'a': [none]} }}|{{ [\"it's\", 'q'] }}",
        "a1NoneTrue1.5|aaa|[1, 2]|(1,)|{'a': [None]}|[\"it's\", 'q']")]
    [InlineData(
        "{{ not 1 == 2 }}|{{ 1 < 2 < 3 }}|{{ 3 > 2 > 2 }}|{{ 'a' in 'abc' }}|{{ 'a' not in ['a'] }}|{{ 1 == 1.0 }}|{{ true == 1 }}|{{ [1] == [1] }}",
        "True|True|False|True|False|True|True|True")]
    [InlineData("{{ true and 'x' }}|{{ 0 or 'y' }}|{{ 'a' if false else 'b' if false else 'c' }}|{{ 'x' if false }}|", "x|y|c||")]
    [InlineData("{{ -1 | abs }}|{{ 2 ** 3 ** 2 }}|{{ 10 - 3 - 2 }}|{{ 1 ~ 2 * 3 }}|{{ 'a' ~ 'b' + 'c' }}|{{ 1, 2 }}", "1|64|5|16|abc|(1, 2)")]
    [InlineData("{{ \"\\x41\\u00e9\\t\\\\\\'\\q\" }}|{{ 'a' 'b' }}", "Aé\t\\'\\q|ab")]
    public void Render_Expressions_FollowPython(string template, string expected) => Assert.Equal(expected, Rendering.Render(template));

    [Theory]
    [InlineData(
        "{{ messages[0].role }}|{{ messages[-1]['content'] }}|{{ messages[9] }}|{{ messages[0].x }}|{{ messages[0]['x'] is undefined }}",
        "system|😀 bye|||True")]
    [InlineData(
        "{{ 'abcdef'[1:4] }}|{{ 'abcdef'[::-1] }}|{{ 'abcdef'[-2:] }}|{{ 'abcdef'[5:1:-2] }}|{{ [1,2,3][:-1] }}|{{ [1,2][9:] }}",
        "bcd|fedcba|ef|fd|[1, 2]|[]")]
    [InlineData("{{ '😀x'[0] }}|{{ '😀x' | length }}|{{ '😀x'[::-1] }}|{{ '😀x'.find('x') }}", "😀|2|x😀|1")]
    [InlineData(
        "{{ messages[0].get('x', 'y') }}|{{ messages[0].keys() | list }}|{{ messages[0].items() | first }}|{{ messages[0] | items | last }}",
        "y|['role', 'content']|('role', 'system')|('content', 'Be nice.')")]
    [InlineData("{% set d = {'items': 1} %}{{ d['items'] }}|{{ d.items() | list }}|{{ 'items' in d }}", "1|[('items', 1)]|True")]
    [InlineData("{{ nope }}|{{ nope | length }}|{% for x in nope %}x{% endfor %}|{{ 'a' in nope }}|{{ nope ~ 'x' }}", "|0||False|x")]
    public void Render_AccessToValues_FollowsPython(string template, string expected) => Assert.Equal(expected, Rendering.Render(template, Messages));

    [Theory]
    [InlineData(
        "{% for m in messages %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.first }}{{ loop.last }}{{ loop.length }} {% endfor %}",
        "104TrueFalse4 213FalseFalse4 322FalseFalse4 431FalseTrue4 ")]
    [InlineData(
        "{% for m in messages %}{{ loop.previtem.role if loop.previtem is defined }}>{{ loop.nextitem.role if not loop.last }};{% endfor %}",
        ">user;system>assistant;user>user;assistant>;")]
    [InlineData(
        "{% for m in messages if m.role == 'user' %}{{ loop.index }}/{{ loop.length }}{% else %}none{% endfor %}|{% for x in [] %}a{% else %}empty{% endfor %}",
        "1/22/2|empty")]
    [InlineData("{% set x = 1 %}{% for i in [1, 2] %}{{ x }}{% set x = x + i %}{{ x }};{% endfor %}{{ x }}", "12;13;1")]
    [InlineData("{% set ns = namespace(a=1) %}{% for i in [1, 2] %}{% set ns.a = ns.a + i %}{% endfor %}{{ ns.a }}{{ ns.b is defined }}", "4False")]
    [InlineData("{% for i in range(10) %}{% if i == 3 %}{% continue %}{% endif %}{% if i == 6 %}{% break %}{% endif %}{{ i }}{% endfor %}", "01245")]
    [InlineData("{% for i in range(5, 0, -2) %}{{ i }}{% endfor %}|{% for a, b in [(1, 2), [3, 4]] %}{{ a }}{{ b }}{% endfor %}", "531|1234")]
    [InlineData(
        "{% for k, v in {'b': 1, 'a': 2} | dictsort %}{{ k }}{{ v }}{% endfor %}|{% for k, v in {'b': 1, 'a': 2}.items() %}{{ k }}{{ v }}{% endfor %}",
        "a2b1|b1a2")]
    public void Render_Loops_FollowJinja(string template, string expected) => Assert.Equal(expected, Rendering.Render(template, Messages));

    [Theory]
    [InlineData("{% if false %}a{% elif none is none %}b{% else %}c{% endif %}{% if true %}{% set z = 5 %}{% endif %}{{ z }}", "b5")]
    [InlineData(
        "{% set x %} a{{ 1 }} {% endset %}[{{ x }}]{% set y | trim | upper %} b {% endset %}[{{ y }}]{% set a, b = 1, 2 %}{{ a }}{{ b }}",
        "[ a1 ][B]12")]
    [InlineData("{% macro f(a, b=2) %}[{{ a }}{{ b }}]{% endmacro %}{{ f(1) }}{{ f(1, b='y') }}{{ f() }}{{ f(b=5) | lower }}", "[12][1y][2][5]")]
    [InlineData(
        "{% macro g(n) %}{% if n %}{{ n }}{{ g(n - 1) }}{% endif %}{% endmacro %}{{ g(3) }}{% macro h() %}{{ later }}{% endmacro %}{% set lat"
        + "er = 'L' %}{{ h() }}",
        "321L")]
    [InlineData("{% macro w() %}<{{ caller('q') }}>{% endmacro %}{% call(x) w() %}in{{ x }}{% endcall %}", "<inq>")]
    [InlineData(
        "{% filter upper %}ab{{ 'c' }}{% endfilter %}{% with a = 1 %}{{ a }}{% endwith %}{{ a is defined }}{% generation %}g{% endgeneration %}",
        "ABC1Falseg")]
    [InlineData("{% raw %}{{ x }} {% if %}{% endraw %}z{# {{ no }} #}", "{{ x }} {% if %}z")]
    public void Render_Statements_FollowJinja(string template, string expected) => Assert.Equal(expected, Rendering.Render(template));

    [Theory]
    [InlineData(
        "{{ ' a '.strip() }}|{{ 'xxaxx'.strip('x') }}|{{ 'xa'.lstrip('x') }}|{{ 'ax'.rstrip('x') }}|{{ 'a,b'.split(',') }}|"
        + "{{ ' a  b '.split() }}|{{ 'a,b,c'.rsplit(',', 1) }}",
        "a|a|a|a|['a', 'b']|['a', 'b']|['a,b', 'c']")]
    [InlineData(
        "{{ 'abc'.startswith('ab') }}|{{ 'abc'.endswith(('x', 'c')) }}|{{ 'aaa'.replace('a', 'b', 2) }}|{{ \"they're\".title() }}|"
        + "{{ \"they're\" | title }}|{{ 'hELLO'.capitalize() }}",
        "True|True|bba|They'Re|They're|Hello")]
    [InlineData(
        "{{ [3, 1] | sort }}|{{ ['b', 'A'] | sort }}|{{ [1, 2, 1] | unique | list }}|{{ [1, 2] | sum }}|{{ [1, 3] | max }}|{{ 'abc' |"
        + " reverse }}|{{ [1, 2] | reverse | list }}",
        "[1, 3]|['A', 'b']|[1, 2]|3|3|cba|[2, 1]")]
    [InlineData(
        "{{ '42' | int + 1 }}|{{ 'x' | int(7) }}|{{ 3.9 | int }}|{{ '3.5' | float }}|{{ 5 | string ~ 'x' }}|{{ 2.5 | round }}|{{ ' x ' | trim }}",
        "43|7|3|3.5|5x|2.0|x")]
    [InlineData("{{ nope | default('d') }}|{{ '' | default('d') }}|{{ '' | default('d', true) }}|{{ none | d('d') }}", "d||d|None")]
    [InlineData(
        "{{ messages | selectattr('role', 'equalto', 'user') | map(attribute='content') | list }}|{{ messages | rejectattr('role', 'in', "
        + "['user', 'system']) | map(attribute='role') | join('+') }}|{{ messages | selectattr('tool_calls', 'defined') | list | length }}",
        "['Hi  there ', '😀 bye']|assistant|1")]
    [InlineData(
        "{{ ['a', 'b'] | map('upper') | join(', ') }}|{{ [1, none, 0] | select | list }}|{{ [1, 2, 3] | reject('gt', 1) | list }}|{{ 'l1\n"
        + "l2\n\nl3' | indent(2) }}",
        "A, B|[1]|[1]|l1\n  l2\n\n  l3")]
    [InlineData(
        "{{ 1 is number }}{{ 'a' is string }}{{ {} is mapping }}{{ 'a' is iterable }}{{ [] is sequence }}{{ true is boolean }}{{ 1 is true }}"
        + "{{ false is false }}{{ 'a' is in ['a'] }}{{ 3 is divisibleby 2 }}",
        "TrueTrueTrueTrueTrueTrueFalseTrueTrueFalse")]
    [InlineData("{{ strftime_now('%d %b %Y %H:%M %A %B %j %y %I %p %-d') }}", "04 Jul 2025 09:05 Friday July 185 25 09 AM 4")]
    public void Render_FiltersTestsAndMethods_FollowJinja(string template, string expected) => Assert.Equal(expected, Rendering.Render(template, Messages));

    [Theory]
    [InlineData("{{ messages[2].tool_calls[0].function.arguments | tojson }}", """{"a": 1, "b": [1.5, null, true, "é\"\n"], "c": 1e-07, "d": 1e+20}""")]
    [InlineData("{{ {'b': 1, 'a': 'é'} | tojson(sort_keys=true, ensure_ascii=true, separators=(',', ':')) }}", """{"a":"\u00e9","b":1}""")]
    [InlineData("{{ [] | tojson(indent=2) }}{{ {'a': [1, {}]} | tojson(indent=2) }}", "[]{\n  \"a\": [\n    1,\n    {}\n  ]\n}")]
    [InlineData("{{ \"<a>&'/\" | tojson }}", "\"<a>&'/\"")]
    public void Render_ToJson_WritesAsPython(string template, string expected) => Assert.Equal(expected, Rendering.Render(template, Messages));

    [Fact]
    public void Render_NumberOfMoreThan64Bits_IsWrittenAsGiven() => Assert.Equal(
        """123456789012345678901234567890 {"n": 123456789012345678901234567890}""",
        Rendering.Render("{{ messages[0].n }} {{ messages[0] | tojson }}", """[{"n":123456789012345678901234567890}]"""));

    [Theory]
    [InlineData("a\n  {% if true %}\n  b\n  {% endif %}\nc\n", "a\n  b\nc")]
    [InlineData("  {% for i in [1, 2] %}\n    {{ i }}\n  {% endfor %}\n", "    1\n    2\n")]
    [InlineData("x {% if true %}\ny{% endif %}\n", "x y")]
    [InlineData("  {%+ if true +%}\n a\n  {% endif +%}\nb", "  \n a\n\nb")]
    [InlineData("a   {%- if true -%}   b   {%- endif %}   c", "ab   c")]
    [InlineData("{{- ' x' -}}   y\n  {# c #}\nz", " xy\nz")]
    [InlineData("{{ 'a' }}\n{{ 'b' }}\n", "a\nb")]
    [InlineData("a\r\n  {% if true %}\r\nb{% endif %}\r\nc\r\n", "a\nbc")]
    [InlineData("\t{% if true %}x{% endif %}\t\ny", "x\t\ny")]
    [InlineData("  {% raw %}\n x\n  {% endraw %}\n y", "\n x\n y")]
    public void Render_WhiteSpace_FollowsTrimAndLstripBlocks(string template, string expected) => Assert.Equal(expected, Rendering.Render(template));
}
