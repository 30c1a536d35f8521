using System.Reflection;
using System.Runtime.CompilerServices;

namespace KvScheduling.PublicApi.Tests;

/// <summary>Writes the members that an assembly exports: one line each, types and members in ordinal order.</summary>
internal static class PublicApiWriter
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static IEnumerable<string> Write(Assembly assembly)
    {
        foreach (Type type in assembly.GetExportedTypes().OrderBy(static type => type.FullName, StringComparer.Ordinal))
        {
            yield return $"{TypeHeader(type)}";
            foreach (string member in Members(type).Order(StringComparer.Ordinal))
            {
                yield return $"    {type.FullName}: {member}";
            }
        }
    }

    private static string TypeHeader(Type type)
    {
        string kind = type.IsEnum ? "enum"
            : type.IsInterface ? "interface"
            : type.IsValueType ? (type.IsDefined(typeof(IsByRefLikeAttribute)) ? "ref struct" : "struct")
            : typeof(Delegate).IsAssignableFrom(type) ? "delegate"
            : type is { IsAbstract: true, IsSealed: true } ? "static class"
            : type.IsAbstract ? "abstract class"
            : type.IsSealed ? "sealed class"
            : "class";
        bool hasParent = type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType) && parent != typeof(Enum);
        IEnumerable<Type> bases = hasParent ? [type.BaseType!] : [];
        string[] parents = [.. bases.Concat(type.GetInterfaces().OrderBy(static face => face.FullName, StringComparer.Ordinal))
            .Where(static face => face.IsVisible).Select(TypeNames.Of)];
        return $"{kind} {type.FullName}{(type.IsEnum || parents.Length == 0 ? string.Empty : " : " + string.Join(", ", parents))}";
    }

    private static IEnumerable<string> Members(Type type)
    {
        if (type.IsEnum)
        {
            return Enum.GetNames(type).Select(name => $"{name} = {Convert.ToInt64(Enum.Parse(type, name), System.Globalization.CultureInfo.InvariantCulture)}");
        }

        return type.GetConstructors(Declared).Where(IsExported).Select(static constructor => $"{Access(constructor)}ctor({Parameters(constructor)})")
            .Concat(type.GetFields(Declared).Where(static field => field.IsPublic || field.IsFamily).Select(Field))
            .Concat(type.GetProperties(Declared).Where(static property => property.GetAccessors(nonPublic: true).Any(IsExported)).Select(Property))
            .Concat(type.GetEvents(Declared).Where(static happening => IsExported(happening.AddMethod!))
                .Select(static happening => $"event {TypeNames.Of(happening.EventHandlerType!)} {happening.Name}"))
            .Concat(type.GetMethods(Declared).Where(static method => IsExported(method) && !IsAccessor(method) && !IsOfRecord(method)).Select(Method));
    }

    private static bool IsExported(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static bool IsAccessor(MethodInfo method) => method.IsSpecialName && !method.Name.StartsWith("op_", StringComparison.Ordinal);

    /// <summary>What the compiler writes for every record says nothing.</summary>
    private static bool IsOfRecord(MethodInfo method) => method.IsDefined(typeof(CompilerGeneratedAttribute));

    private static string Access(MethodBase method) => method.IsPublic ? string.Empty : "protected ";

    private static string Modifiers(MethodBase method) => Access(method)
        + (method.IsStatic ? "static " : string.Empty)
        + (method.DeclaringType!.IsInterface ? string.Empty
            : method.IsAbstract ? "abstract "
            : !method.IsVirtual || method.IsFinal ? string.Empty
            : IsOverride(method) ? "override "
            : "virtual ");

    private static bool IsOverride(MethodBase method) => method is MethodInfo info && info.GetBaseDefinition().DeclaringType != info.DeclaringType;

    private static string Field(FieldInfo field) => field.IsLiteral
        ? $"const {TypeNames.Of(field.FieldType)} {field.Name} = {field.GetRawConstantValue()}"
        : $"{(field.IsStatic ? "static " : string.Empty)}{(field.IsInitOnly ? "readonly " : string.Empty)}{TypeNames.Of(field)} {field.Name}";

    private static string Property(PropertyInfo property)
    {
        MethodInfo accessor = property.GetAccessors(nonPublic: true).First(IsExported);
        string get = property.GetMethod is { } getter && IsExported(getter) ? "get; " : string.Empty;
        string set = property.SetMethod is not { } setter || !IsExported(setter) ? string.Empty : IsInit(setter) ? "init; " : "set; ";
        string required = property.IsDefined(typeof(RequiredMemberAttribute)) ? "required " : string.Empty;
        string index = property.GetIndexParameters() is { Length: > 0 } parameters ? $"[{string.Join(", ", parameters.Select(Parameter))}]" : string.Empty;
        return $"{Modifiers(accessor)}{required}{TypeNames.Of(property)} {property.Name}{index} {{ {get}{set}}}";
    }

    private static bool IsInit(MethodInfo set) => set.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit));

    private static string Method(MethodInfo method)
    {
        string generics = method.IsGenericMethodDefinition ? $"<{string.Join(", ", method.GetGenericArguments().Select(TypeNames.Of))}>" : string.Empty;
        return $"{Modifiers(method)}{TypeNames.Of(method.ReturnParameter)} {method.Name}{generics}({Parameters(method)})";
    }

    private static string Parameters(MethodBase method) =>
        (method.IsDefined(typeof(ExtensionAttribute)) ? "this " : string.Empty) + string.Join(", ", method.GetParameters().Select(Parameter));

    private static string Parameter(ParameterInfo parameter)
    {
        string way = !parameter.ParameterType.IsByRef ? string.Empty : parameter.IsOut ? "out " : parameter.IsIn ? "in " : "ref ";
        string value = !parameter.HasDefaultValue ? string.Empty
            : parameter.RawDefaultValue switch { null => " = default", string text => $" = \"{text}\"", var other => $" = {other}" };
        return $"{way}{TypeNames.Of(parameter)} {parameter.Name}{value}";
    }
}
