using System.Collections.Frozen;

namespace KvScheduling.ManagedEngine;

/// <summary>The tests of <c>is</c>.</summary>
internal static class JinjaPredicates
{
    private static readonly FrozenDictionary<string, JinjaFunction> Tests = new[]
    {
        Test("defined", value => value is not JinjaUndefined),
        Test("undefined", value => value is JinjaUndefined),
        Test("none", value => value is null),
        Test("string", value => value is string),
        Test("mapping", value => value is JinjaDictionary),
        Test("iterable", value => value is string or JinjaList or JinjaDictionary or JinjaUndefined),
        Test("sequence", value => value is string or JinjaList or JinjaDictionary or JinjaUndefined),
        Test("number", PythonValue.IsNumber),
        Test("integer", value => value is long),
        Test("float", value => value is double),
        Test("boolean", value => value is bool),
        Test("true", value => value is true),
        Test("false", value => value is false),
        Test("callable", value => value is JinjaCallable or JinjaUndefined),
        Test("odd", value => PythonValue.ToLong(value) % 2 != 0),
        Test("even", value => PythonValue.ToLong(value) % 2 == 0),
        Test("upper", value => value is string text && text.Any(char.IsUpper) && !text.Any(char.IsLower)),
        Test("lower", value => value is string text && text.Any(char.IsLower) && !text.Any(char.IsUpper)),
        Test("divisibleby", (value, other) => PythonArithmetic.IsMultiple(value, other)),
        Test("sameas", (value, other) => ReferenceEquals(value, other) || (value is bool && value.Equals(other))),
        Test("in", (value, other) => PythonValue.Contains(other, value)),
    }
        .Concat(Comparison(["equalto", "eq"], (left, right) => PythonValue.AreEqual(left, right)))
        .Concat(Comparison(["ne"], (left, right) => !PythonValue.AreEqual(left, right)))
        .Concat(Comparison(["lt", "lessthan"], (left, right) => PythonValue.Compare(left, right) < 0))
        .Concat(Comparison(["le"], (left, right) => PythonValue.Compare(left, right) <= 0))
        .Concat(Comparison(["gt", "greaterthan"], (left, right) => PythonValue.Compare(left, right) > 0))
        .Concat(Comparison(["ge"], (left, right) => PythonValue.Compare(left, right) >= 0))
        .ToFrozenDictionary(test => test.Name);

    /// <summary>Signs that stand for tests where a test is given as a string: <c>selectattr("role", "==", "user")</c>.</summary>
    private static readonly FrozenDictionary<string, string> Signs = new Dictionary<string, string>
    {
        ["=="] = "eq",
        ["!="] = "ne",
        ["<"] = "lt",
        ["<="] = "le",
        [">"] = "gt",
        [">="] = "ge",
    }.ToFrozenDictionary();

    public static JinjaFunction? Find(string name) => Tests.GetValueOrDefault(Signs.GetValueOrDefault(name, name));

    private static JinjaFunction Test(string name, Func<object?, bool> test) => new(name, new JinjaSignature("value"), (_, values) => test(values[0]));

    private static JinjaFunction Test(string name, Func<object?, object?, bool> test) =>
        new(name, new JinjaSignature("value", "other"), (_, values) => test(values[0], values[1]));

    private static IEnumerable<JinjaFunction> Comparison(string[] names, Func<object?, object?, bool> test) => names.Select(name => Test(name, test));
}
